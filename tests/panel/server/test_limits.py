"""The limits as they are set, and as the machine allows."""

import resource
from typing import Any

import pytest

from panel.server.limits import OTHER_FILES, Limits


def test_they_come_from_the_settings(settings: Any) -> None:
    settings.CONNECTION_IDLE_SECONDS, settings.REQUEST_HEAD_SECONDS, settings.REQUEST_BODY_SECONDS = 1, 2, 3
    settings.REQUEST_LEAST_BYTES_PER_SECOND, settings.ANSWER_STALLED_SECONDS = 4, 5
    settings.CONNECTIONS, settings.CONNECTIONS_FROM_ONE_ADDRESS = 6, 7
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Limits.of_settings() == Limits(1, 2, 3, 4, 5, 6, 7, 1536 * 1024, is_behind_proxy=True)


@pytest.mark.parametrize(
    ("soft", "hard", "asked", "connections"),
    [
        (20_000, 20_000, None, 1000),
        (1024, 20_000, (1600, 20_000), 1000),
        (1024, 1200, (1200, 1200), 600),
        (1024, resource.RLIM_INFINITY, (1600, resource.RLIM_INFINITY), 1000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 1000),
        (256, 256, (256, 256), 1),
    ],
)
def test_they_fit_the_files_that_may_be_open(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, asked: tuple[int, int] | None, connections: int
) -> None:
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: found.append(limits))
    limits = Limits(5, 10, 10, 2048, 60, connections=1000, from_one_address=100, body=1, is_behind_proxy=False)
    assert limits.fitted().connections == connections
    assert found == ([asked] if asked else [])
    assert OTHER_FILES == 600
