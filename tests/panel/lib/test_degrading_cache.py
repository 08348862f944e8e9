"""Redis away: what is cached goes to the database, and back to Redis when it is there again."""

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from panel.lib import degrading_cache
from panel.ops.models import CacheEntry
from tests.throwaway import free_port

REDIS = "panel.lib.degrading_cache.DegradingRedisCache"


@pytest.fixture(autouse=True)
def _no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(degrading_cache._Outage, "until", 0.0)


@pytest.fixture
def _away(settings: Any) -> None:
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    gone = {"BACKEND": REDIS, "LOCATION": f"redis://127.0.0.1:{free_port()}/0", "OPTIONS": options}
    settings.CACHES = settings.CACHES | {"default": gone}


@pytest.mark.django_db
@pytest.mark.usefixtures("_away")
def test_every_operation_goes_on_in_the_database() -> None:
    cache = caches["default"]
    assert cache.add("a", 1, 60)
    assert not cache.add("a", 1, 60)
    assert cache.incr("a") == 2
    cache.set("b", [1], 60)
    cache.set_many({"c": 3}, 60)
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 2, "b": [1], "c": 3}
    assert cache.touch("b", 60)
    assert cache.has_key("b")
    assert cache.delete("b")
    cache.delete_many(["c"])
    assert (cache.get("b"), cache.get("c"), cache.get("a")) == (None, None, 2)
    assert CacheEntry.objects.count() == 1
    with pytest.raises(ValueError, match="nothing"):
        cache.incr("nothing")
    cache.clear()
    assert CacheEntry.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_away")
def test_signing_in_goes_on_and_the_health_page_says_degraded(settings: Any) -> None:
    settings.EXPECT_JOBS = False
    for number in range(6):
        answer = Client().post("/accounts/login/", {"login": "ana@example.com", "password": "wrong"})
        assert answer.status_code == 200
        assert ("Too many failed" in answer.content.decode()) == (number == 5)
    health = Client().get("/healthz")
    assert health.content.decode().splitlines()[0] == "degraded"
    assert health.status_code == 200


@pytest.mark.redis
@pytest.mark.django_db
def test_redis_is_used_again_when_it_answers(settings: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": REDIS, "LOCATION": redis_url}}
    cache = caches["default"]
    cache.set("here", 1, 60)
    monkeypatch.setattr(degrading_cache._Outage, "until", degrading_cache.time.monotonic() + 60)
    assert cache.get("here") is None
    monkeypatch.setattr(degrading_cache._Outage, "until", 0.0)
    assert cache.get("here") == 1
