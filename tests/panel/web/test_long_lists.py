"""Long lists: counted no further than they have to be, many of them at once."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from panel.customers.models import User
from panel.lib.database.counts import count_each
from panel.ops.models import AuditEvent
from panel.web import pages
from panel.web.pages import BoundedPaginator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_COUNTED", 60)


def events(count: int) -> Any:
    AuditEvent.objects.bulk_create(AuditEvent(actor="ada", action=f"{number}", target="x") for number in range(count))
    return AuditEvent.objects.order_by("-pk")


@pytest.mark.parametrize(("rows", "count", "is_cut"), [(0, 0, False), (60, 60, False), (61, 60, True), (99, 60, True)])
def test_it_is_counted_up_to_a_bound(
    rows: int, count: int, is_cut: bool, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    paginator = BoundedPaginator(events(rows), 25)
    with django_assert_num_queries(1):
        assert (paginator.count, paginator.is_cut) == (count, is_cut)
    assert paginator.num_pages == max(1, -(-count // 25))


@pytest.mark.parametrize("rows", [60, 61])
def test_the_admin_says_where_it_stopped(rows: int) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    events(rows)
    page = " ".join(client.get("/admin/ops/auditevent/").content.decode().split())
    assert ("more than 60 " in page) == (rows > 60)
    assert "60 audit events" in page
    assert page.count("<tr>") == 51


def test_several_are_counted_at_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rows = events(5)
    both = (
        rows.order_by()
        .filter(action="1")
        .values("pk")
        .union(rows.order_by().filter(actor="ada").values("pk"), all=True)
    )
    some, none, never = rows.filter(action__in=["1", "2"]), rows.filter(actor="bo"), rows.filter(pk__in=[])
    with django_assert_num_queries(1):
        counts = count_each(all=rows, some=some, both=both, none=none, never=never)
    assert counts == {"all": 5, "some": 2, "both": 6, "none": 0, "never": 0}
