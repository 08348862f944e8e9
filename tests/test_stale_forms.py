"""Every change form of the admin, opened before somebody else changed its row: nothing is overwritten unseen.

The walk finds the models by itself, and each of their fields.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from panel.customers.models import User
from panel.customers.roles import set_up_roles
from panel.ops.admin_forms.base import RecordAdmin
from panel.ops.models import AuditEvent
from panel.wallet.models import PaymentMethod
from providers.catalog.models import Backup, Category, CustomerRate, CustomerTerms, Markup, Service
from providers.models import Provider, UpstreamService
from tests.admin_forms import save
from tests.fixtures_orders import Store
from tests.page_forms import Sent, read_form

pytestmark = pytest.mark.django_db
CHANGED = {
    "category",
    "customerrate",
    "customerterms",
    "group",
    "markup",
    "paymentmethod",
    "provider",
    "service",
    "user",
}
"""The models with a change form. Who adds one names it here and gives it a row below."""
UNCOMPARED = {"password", "last_login", "changed_at", "version", "sealed_key"}


@pytest.fixture
def owner(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


@pytest.fixture
def rows(store: Store) -> dict[str, Any]:
    """A row of every model that has a change form."""
    set_up_roles()
    terms = CustomerTerms.objects.create(customer=store.customer, discount_percent=Decimal(5))
    service = store.service()
    Service.objects.filter(pk=service.pk).update(description="One\nTwo", own_min=60, own_max=9000, own_rate=2)
    UpstreamService.objects.filter(service=service).update(description="One\nTwo")
    return {
        "category": service.category,
        "customerrate": CustomerRate.objects.create(terms=terms, service=service, rate=Decimal("1.1")),
        "customerterms": terms,
        "group": Group.objects.get(name="Support"),
        "markup": Markup.objects.get(),
        "paymentmethod": PaymentMethod.objects.create(name="Bank", instructions="One\nTwo", maximum=100),
        "provider": store.provider,
        "service": service,
        "user": store.customer,
    }


def record_admins() -> dict[str, RecordAdmin]:
    """The admins with a change form, by their models' names."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(is_superuser=True)
    found = {}
    for model, one in admin.site._registry.items():
        if one.has_change_permission(request):
            assert isinstance(one, RecordAdmin), model
            assert not one.list_editable, "a list that is edited has no row as it was opened"
            found[str(model._meta.model_name)] = one
    return found


def address(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def opened(client: Client, row: models.Model) -> Sent:
    """The row's page, sent as it is."""
    return read_form(client.get(address(row)).content.decode(), f"{row._meta.model_name}_form")


def columns(sent: Sent, row: models.Model) -> Iterator[Any]:
    """The columns that the form has, switches that are off included."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(is_superuser=True)
    names = admin.site._registry[type(row)].get_form(request, row, change=True).base_fields
    for column in (*row._meta.concrete_fields, *row._meta.many_to_many):
        if column.name in names:
            yield column


def kept(row: models.Model) -> dict[str, Any]:
    """The row as the database has it now."""
    now: Any = type(row)._default_manager.get(pk=row.pk)
    many = {column.name: sorted(getattr(now, column.name).values_list("pk", flat=True)) for column in many_of(row)}
    single = {column.name: column.value_from_object(now) for column in row._meta.concrete_fields}
    return {name: value for name, value in {**single, **many}.items() if name not in UNCOMPARED}


def many_of(row: models.Model) -> Any:
    return row._meta.many_to_many


def other_values(column: Any, now: Any) -> tuple[Any, Any]:
    """Two values that the column may have instead of this one."""
    if column.many_to_many:
        pks = list(column.related_model._default_manager.order_by("pk").values_list("pk", flat=True)[:3])
        return pks[:1] if now != pks[:1] else pks[:2], pks[2:3]
    if isinstance(column, models.BooleanField):
        return not now, now
    if column.is_relation:
        others = list(column.related_model._default_manager.exclude(pk=now).order_by("pk").values_list("pk", flat=True))
        return others[0], others[1]
    if column.name == "time_zone":
        return "Asia/Tokyo", "Europe/Berlin"
    if column.name == "decimals":
        return 3, 4
    if column.choices:
        others = [value for value, _ in column.choices if value not in {now, "adopt"}]
        return others[0], others[-1]
    if column.name == "url":
        return f"{now}x", f"{now}y"
    if isinstance(column, models.CharField | models.TextField):
        return f"{now}x", f"{now}\nyet another"[-200:] if isinstance(column, models.TextField) else f"{now}y"
    return (1, 2) if now is None else (now + 1, now + 2)


def entered(column: Any, value: Any) -> Any:
    """The value as a browser sends it; None for a switch that is off."""
    if isinstance(column, models.BooleanField):
        return "on" if value else None
    return [str(one) for one in value] if isinstance(value, list) else str(value).replace("\n", "\r\n")


def enter(sent: Sent, column: Any, value: Any) -> Sent:
    given = {**sent, column.name: entered(column, value)}
    return {name: text for name, text in given.items() if text is not None}


def write(row: Any, values: dict[str, Any]) -> None:
    """Somebody else's change, past all forms."""
    many = {column.name for column in many_of(row)}
    for name in many & values.keys():
        getattr(row, name).set(values[name])
    type(row)._default_manager.filter(pk=row.pk).update(**{n: v for n, v in values.items() if n not in many})


def test_the_walk_knows_every_change_form(owner: Client, rows: dict[str, Any]) -> None:
    assert set(record_admins()) == CHANGED == set(rows)


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_a_form_sent_as_it_is_writes_nothing(owner: Client, rows: dict[str, Any], name: str) -> None:
    """Not even where everything was changed meanwhile."""
    row, before = rows[name], kept(rows[name])
    sent = opened(owner, row)
    assert owner.post(address(row), sent).status_code == 302
    assert kept(row) == before
    safe = [column for column in columns(sent, row) if column.name not in {"url", "is_staff"}]
    write(row, {column.name: other_values(column, before[column.name])[0] for column in safe})
    meanwhile = kept(row)
    assert meanwhile != before
    assert owner.post(address(row), sent).status_code == 302
    assert kept(row) == meanwhile
    assert not AuditEvent.objects.filter(action=f"{name}.change").exists()


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_a_field_changed_by_two_is_refused_with_both_values(owner: Client, rows: dict[str, Any], name: str) -> None:
    """Every field by itself: theirs stays and nothing else is written; sent once more, ours is."""
    row = rows[name]
    sent = opened(owner, row)
    for column in columns(sent, row):
        start = kept(row)
        theirs, ours = other_values(column, start[column.name])
        if theirs == ours or ours == start[column.name]:  # of two values there is no third: they agree
            continue
        write(row, {column.name: theirs})
        before, events = kept(row), AuditEvent.objects.count()
        page = owner.post(address(row), enter(sent, column, ours))
        text = page.content.decode()
        assert (column.name, page.status_code, kept(row)) == (column.name, 200, before)
        assert (column.name, text.count("Somebody else changed this while you had the page open")) == (column.name, 1)
        assert AuditEvent.objects.count() == events
        again = read_form(text, f"{name}_form")
        assert owner.post(address(row), again).status_code == 302, column.name
        assert kept(row)[column.name] == ours
        assert AuditEvent.objects.filter(action=f"{name}.change").count() == 1
        write(row, {key: value for key, value in start.items() if key in {one.name for one in columns(sent, row)}})
        AuditEvent.objects.all().delete()


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_a_page_that_does_not_say_what_it_showed_is_refused(owner: Client, rows: dict[str, Any], name: str) -> None:
    row, before = rows[name], kept(rows[name])
    sent = opened(owner, row)
    column = next(iter(columns(sent, row)))
    changed = enter(sent, column, other_values(column, before[column.name])[0])
    other = User.objects.get(is_superuser=True) if name != "user" else User.objects.create_user("bo@example.com")
    for token in ("", "nonsense", opened(owner, other)["opened"]):
        answer = owner.post(address(row), {**changed, "opened": token}, follow=True)
        assert "This page was out of date, so nothing was saved." in answer.content.decode()
    assert kept(row) == before
    assert not AuditEvent.objects.exists()


def test_a_form_that_comes_back_for_another_reason_overwrites_nothing(owner: Client, store: Store) -> None:
    """Only what was told is known to the person; what they never saw stays."""
    service = store.service()
    sent = opened(owner, service)
    write(service, {"name": "Theirs", "keeps_name": True, "position": 7})
    page = owner.post(address(service), {**sent, "own_min": "999999999"}).content.decode()
    assert "The provider&#x27;s maximum is" in page
    again = read_form(page, "service_form")
    assert owner.post(address(service), {**again, "own_min": "60"}).status_code == 302
    assert (store.service().name, store.service().position, store.service().own_min) == ("Theirs", 7, 60)
    assert AuditEvent.objects.get().detail["fields"] == ["Custom minimum"]


def test_two_who_enter_the_same_agree(owner: Client, store: Store) -> None:
    service = store.service()
    sent = opened(owner, service)
    write(service, {"name": "Alike"})
    assert owner.post(address(service), {**sent, "name": "Alike"}).status_code == 302
    assert store.service().name == "Alike"


def test_a_limit_that_a_colleague_narrowed_is_judged_with_ours(owner: Client, store: Store) -> None:
    service = store.service()
    sent = opened(owner, service)
    write(service, {"own_max": 100})
    page = owner.post(address(service), {**sent, "own_min": "200"}).content.decode()
    assert "The maximum must not be below the custom minimum." in page
    assert (store.service().own_min, store.service().own_max) == (None, 100)


def test_a_key_is_not_taken_for_an_address_that_was_not_seen(owner: Client, store: Store) -> None:
    provider = store.provider
    sent = opened(owner, provider)
    write(provider, {"url": "https://elsewhere.example/api/v2"})
    sealed = Provider.objects.get().sealed_key
    page = owner.post(address(provider), {**sent, "key": "a-very-secret-key"}).content.decode()
    assert "This was changed by somebody else while you had the page open. Check it, and enter it again." in page
    assert Provider.objects.get().sealed_key == sealed
    again = read_form(page, "provider_form")
    assert again["key"] == ""
    assert owner.post(address(provider), {**again, "key": "a-very-secret-key"}).status_code == 302
    now = Provider.objects.get()
    assert (now.url, now.open_key().reveal()) == ("https://elsewhere.example/api/v2", "a-very-secret-key")


@pytest.fixture
def backup(store: Store) -> Backup:
    service = store.service()
    others = UpstreamService.objects.filter(type=service.type).exclude(service=service).order_by("pk")
    return Backup.objects.create(service=service, upstream=others[0], position=1)


def test_rows_of_a_record_are_judged_alike(owner: Client, store: Store, backup: Backup) -> None:
    service = store.service()
    sent = opened(owner, service)
    write(backup, {"position": 5})
    assert owner.post(address(service), sent).status_code == 302
    assert Backup.objects.get().position == 5
    page = owner.post(address(service), {**sent, "backups-0-position": "3", "own_min": "60"}).content.decode()
    assert "it is “5” now, and you entered “3”" in page
    assert (Backup.objects.get().position, store.service().own_min) == (5, None)
    again = read_form(page, "service_form")
    assert owner.post(address(service), again).status_code == 302
    assert (Backup.objects.get().position, store.service().own_min) == (3, 60)
    line = AuditEvent.objects.get(action="service.change").detail
    assert line == {
        "fields": ["Custom minimum"],
        "before": {"own_min": None},
        "after": {"own_min": 60},
        "rows": [
            {
                "row": "backup", "verb": "change", "object": str(backup), "fields": ["Position"],
                "before": {"position": 5}, "after": {"position": 3},
            }
        ],
    }  # fmt: skip


def test_a_row_that_was_changed_is_not_deleted_and_one_that_was_deleted_is_not_made_anew(
    owner: Client, store: Store, backup: Backup
) -> None:
    service = store.service()
    sent = opened(owner, service)
    write(backup, {"position": 5})
    page = owner.post(address(service), {**sent, "backups-0-DELETE": "on", "own_min": "60"}).content.decode()
    assert "was changed by somebody else meanwhile, and was not deleted" in page
    assert (Backup.objects.count(), store.service().own_min) == (1, None)
    fresh = opened(owner, service)
    assert owner.post(address(service), {**fresh, "backups-0-DELETE": "on"}).status_code == 302
    assert not Backup.objects.exists()
    (line,) = AuditEvent.objects.get(action="service.change").detail["rows"]
    assert (line["verb"], line["before"]) == ("delete", {"upstream": backup.upstream_id, "position": 5})
    page = owner.post(address(service), {**fresh, "backups-0-position": "9"}).content.decode()
    assert "A row was deleted by somebody else meanwhile." in page
    assert not Backup.objects.exists()


def test_a_row_that_is_added_is_in_the_trail(owner: Client, store: Store) -> None:
    service = store.service()
    other = UpstreamService.objects.filter(type=service.type).exclude(service=service).order_by("pk")[0]
    sent = {**opened(owner, service), "backups-TOTAL_FORMS": "1", "backups-0-upstream": str(other.pk)}
    assert owner.post(address(service), {**sent, "backups-0-position": "0"}).status_code == 302
    assert AuditEvent.objects.get().detail == {
        "rows": [
            {
                "row": "backup", "verb": "add", "object": str(other),
                "after": {"upstream": other.pk},
            }
        ]
    }  # fmt: skip


def test_permissions_of_a_role_are_a_field_like_any_other(owner: Client, rows: dict[str, Any]) -> None:
    group = rows["group"]
    every = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    assert save(owner, address(group), {"name": "Support", "permissions": every}).status_code == 302
    assert group.permissions.count() == len(every)
    assert len(AuditEvent.objects.get().detail["after"]["permissions"]) == len(every)


def test_prices_are_derived_anew_only_where_a_price_changed(
    owner: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[Any] = []
    monkeypatch.setattr("providers.admin.edit.reprice", lambda **named: derived.append(named))
    sent = opened(owner, store.provider)
    owner.post(address(store.provider), {**sent, "runway_hours": "24"})
    assert derived == []
    line = AuditEvent.objects.get(action="provider.change").detail
    assert line == {"fields": ["Runway (hours)"], "before": {"runway_hours": 12}, "after": {"runway_hours": 24}}


def test_a_category_and_a_rule_are_told_with_before_and_after(owner: Client, rows: dict[str, Any]) -> None:
    rule, category = rows["markup"], rows["category"]
    assert owner.post(address(rule), {**opened(owner, rule), "decimals": "2"}).status_code == 302
    assert owner.post(address(category), {**opened(owner, category), "position": "44"}).status_code == 302
    lines = {line.action: line.detail for line in AuditEvent.objects.all()}
    assert lines == {
        "markup.change": {"fields": ["Decimals"], "before": {"decimals": 6}, "after": {"decimals": 2}},
        "category.change": {
            "fields": ["Position"], "before": {"position": category.position}, "after": {"position": 44},
        },
    }  # fmt: skip
    assert Category.objects.get(pk=category.pk).position == 44
