"""Providers in the admin: a key that never comes out, connections tried, lists synced, deposits booked once."""

import json
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from orders.accounting.reconcile import read_balances
from panel.customers.models import User
from panel.lib.secret import Secret
from panel.ops.models import AuditEvent
from panel.wallet.models import Transfer
from providers.availability.circuit_breaker import pause_provider
from providers.balances.readings import expected_balance
from providers.models import PROBES_TO_TRUST, BalanceReading, Provider, ServiceChange, UpstreamService
from tests.admin_forms import opened, save
from tests.fixtures_shop import Shop
from tests.fixtures_simulator import SIMULATOR_KEY, Simulator

pytestmark = pytest.mark.django_db
LIST = "/admin/providers/provider/"
CANARY = "canary-key-0123456789abcdef"


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    return client


def member(*permissions: str) -> Client:
    """The browser of a member of staff who may do what is named."""
    user = User.objects.create_user("helper@example.com", "correct horse battery", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def words(provider: Provider | None = None, **changes: str) -> dict[str, str]:
    """The provider's form as a browser would send it."""
    given = {
        "name": provider.name if provider else "Upstream",
        "url": provider.url if provider else "https://provider.example/api/v2",
        "key": "" if provider else CANARY,
        "currency": "usd",
        "exchange_rate": "1",
        "new_services": "all",
        "low_margin": "hide",
        "is_active": "on",
        "low_balance": "10",
        "runway_hours": "12",
        "drift_threshold": "1",
        "hold_rise_percent": "50",
        "hold_fall_percent": "50",
        "hold_alike_percent": "10",
        "probing": "shadow",
    }
    return {**given, **changes}


def test_a_provider_is_added_with_its_key_sealed(owner: Client) -> None:
    assert owner.post(f"{LIST}add/", words()).status_code == 302
    provider = Provider.objects.get()
    assert (provider.name, provider.currency, provider.low_balance, provider.key_hint) == (
        "Upstream", "USD", Decimal(10), CANARY[-4:],
    )  # fmt: skip
    assert provider.open_key() == Secret(CANARY)
    assert CANARY not in provider.sealed_key
    assert AuditEvent.objects.get().action == "provider.add"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://provider.example/api/v2"}, "The address is not https"),
        ({"url": "https://user:pass@provider.example/"}, "The address holds more than a host and a path."),
        ({"key": ""}, "This field is required."),
        ({"key": "two words"}, "The API key contains invalid characters."),
        ({"currency": "$"}, "Enter a currency code, for example USD."),
        ({"exchange_rate": "0"}, "The exchange rate must be above 0"),
    ],
)
def test_a_wrong_provider_is_refused_with_words(owner: Client, changes: dict[str, str], said: str) -> None:
    answer = owner.post(f"{LIST}add/", words(**changes))
    assert said in answer.content.decode()
    assert not Provider.objects.exists()


def test_the_key_is_kept_when_none_is_entered_and_replaced_when_one_is(owner: Client, provider: Provider) -> None:
    url = f"{LIST}{provider.pk}/change/"
    assert save(owner, url, words(provider, name="North & South")).status_code == 302
    kept = Provider.objects.get()
    assert (kept.name, kept.sealed_key) == ("North & South", provider.sealed_key)
    save(owner, url, words(kept, key=CANARY))
    assert Provider.objects.get().open_key() == Secret(CANARY)


def test_another_host_needs_the_key_again(owner: Client, provider: Provider) -> None:
    url = f"{LIST}{provider.pk}/change/"
    elsewhere = words(provider, url="https://elsewhere.example/api/v2")
    assert "You changed the host. Enter the API key again." in save(owner, url, elsewhere).content.decode()
    assert Provider.objects.get().url == provider.url
    assert save(owner, url, words(provider, url=f"{provider.url}/")).status_code == 302
    assert save(owner, url, {**elsewhere, "key": CANARY}).status_code == 302
    assert (Provider.objects.get().url, Provider.objects.get().open_key()) == (
        "https://elsewhere.example/api/v2", Secret(CANARY),
    )  # fmt: skip


def test_address_and_key_are_a_superusers_alone(provider: Provider) -> None:
    helper = member("view_provider", "change_provider", "add_provider")
    url = f"{LIST}{provider.pk}/change/"
    sent = words(provider, name="Renamed", url="https://evil.example/", key=CANARY, currency="EUR")
    assert save(helper, url, sent).status_code == 302
    now = Provider.objects.get()
    assert (now.name, now.url, now.sealed_key, now.currency) == (
        "Renamed", provider.url, provider.sealed_key, "USD",
    )  # fmt: skip
    assert 'name="key"' not in helper.get(url).content.decode()
    assert helper.get(f"{LIST}add/").status_code == 403


def test_nobody_but_a_superuser_reads_an_address(owner: Client, shop: Shop) -> None:
    """Neither on the provider's pages nor in what is said of calls to it."""
    address = "upstream.invalid"
    Provider.objects.update(url=f"https://{address}/api/v2")
    helper = member("view_provider", "change_provider", "view_balancereading", "view_alert", "view_jobrun")
    failed = read_balances()
    assert (failed.read, failed.failed) == (0, 1)
    helper.post(f"{LIST}{shop.provider.pk}/test/")
    change = f"{LIST}{shop.provider.pk}/change/"
    pages = (
        LIST,
        change,
        f"/staff/balances/{shop.provider.pk}/",
        "/staff/balances/",
        "/staff/alerts/",
        "/admin/ops/jobrun/",
    )
    for page in pages:
        answer = helper.get(page)
        assert answer.status_code == 200, page
        assert address not in answer.content.decode(), page
    assert "Not connected to the provider" in helper.get("/staff/alerts/").content.decode()
    assert address in owner.get(LIST).content.decode()
    assert address in owner.get(change).content.decode()


def test_no_page_shows_the_key(owner: Client, shop: Shop) -> None:
    pages = [LIST, f"{LIST}{shop.provider.pk}/change/", f"{LIST}{shop.provider.pk}/history/"]
    pages += [f"{LIST}{shop.provider.pk}/deposit/", "/admin/ops/auditevent/", "/staff/", "/staff/balances/"]
    pages.append(f"/staff/balances/{shop.provider.pk}/")
    owner.post(f"{LIST}{shop.provider.pk}/test/")
    for page in pages:
        answer = owner.get(page)
        assert answer.status_code == 200, page
        assert SIMULATOR_KEY not in answer.content.decode()
        assert shop.reload().sealed_key not in answer.content.decode()
    refused = save(owner, f"{LIST}{shop.provider.pk}/change/", words(shop.provider, key=CANARY, name=""))
    assert refused.status_code == 200
    assert CANARY not in refused.content.decode()
    trail = json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert SIMULATOR_KEY not in trail


def test_an_exchange_rate_reprices_the_shelf_at_once(owner: Client, shop: Shop) -> None:
    assert shop.service("1").rate == Decimal("1.35")
    save(owner, f"{LIST}{shop.provider.pk}/change/", words(shop.provider, exchange_rate="2"))
    assert (shop.service("1").cost, shop.service("1").rate) == (Decimal("1.8"), Decimal("2.7"))


def test_saving_does_not_undo_what_a_job_wrote_meanwhile(owner: Client, shop: Shop) -> None:
    owner.get(f"{LIST}{shop.provider.pk}/change/")
    pause_provider(provider_id=shop.provider.pk, reason="funds")
    save(owner, f"{LIST}{shop.provider.pk}/change/", words(shop.provider, name="Renamed"))
    assert (shop.reload().name, shop.reload().paused_reason) == ("Renamed", "funds")


def test_a_tried_connection_says_the_balance_and_lifts_the_pause_of_its_key(owner: Client, shop: Shop) -> None:
    pause_provider(provider_id=shop.provider.pk, reason="key")
    page = owner.post(f"{LIST}{shop.provider.pk}/test/", follow=True).content.decode()
    assert "Connected. Balance: $1,000.00. Orders resume." in page
    assert shop.reload().paused_reason == ""
    assert not BalanceReading.objects.exists()


def test_a_connection_that_fails_says_why_and_lifts_nothing(owner: Client, shop: Shop) -> None:
    pause_provider(provider_id=shop.provider.pk, reason="key")
    shop.provider.set_key(Secret("wrong-key-000000000000"))
    shop.provider.save(update_fields=["sealed_key"])
    page = owner.post(f"{LIST}{shop.provider.pk}/test/", follow=True).content.decode()
    assert "The API key is rejected" in page
    assert shop.reload().paused_reason == "key"


def test_sync_now_says_what_it_found_and_a_held_list_can_be_accepted(
    owner: Client, shop: Shop, simulator: Simulator
) -> None:
    url = f"{LIST}{shop.provider.pk}/sync/"
    assert "Synced: 0 new, 0 changed" in owner.post(url, follow=True).content.decode()
    simulator.server.stop()
    assert "Sync failed." in owner.post(url, follow=True).content.decode()
    assert shop.service("1").is_available
    done, failed = AuditEvent.objects.filter(action="provider.sync").order_by("pk").values_list("detail", flat=True)
    assert (done, list(failed)) == ({}, ["problem"])


def test_deposit_is_confirmed_and_booked_once(owner: Client, provider: Provider) -> None:
    url = f"{LIST}{provider.pk}/deposit/"
    sent = {"amount": "500", "reason": "Bank transfer 22", "token": "a" * 32}
    said = owner.post(url, sent).content.decode()
    assert f"Record a deposit of $500.00 at {provider.name}. The ledger balance goes from $0.00 to $500.00." in said
    assert expected_balance(provider=provider) == 0
    for _ in range(2):
        assert owner.post(url, {**sent, "confirmed": "1"})["Location"] == f"{LIST}{provider.pk}/change/"
    assert expected_balance(provider=provider) == 500
    owner.post(url, {"amount": "-20", "reason": "Returned", "token": "b" * 32, "confirmed": "1"})
    assert expected_balance(provider=provider) == 480
    assert (
        list(AuditEvent.objects.values_list("action", "target"))
        == [("provider.deposit", f"provider:{provider.pk}")] * 2
    )


def test_buttons_answer_to_posts_of_those_who_may(provider: Provider) -> None:
    helper = member("view_provider")
    for action in ("test", "sync", "deposit"):
        assert helper.post(f"{LIST}{provider.pk}/{action}/").status_code == 403
        assert Client().post(f"{LIST}{provider.pk}/{action}/").status_code == 302
    assert not Transfer.objects.exists()
    assert not AuditEvent.objects.exists()


def test_buttons_change_nothing_on_a_get(owner: Client, provider: Provider) -> None:
    assert [owner.get(f"{LIST}{provider.pk}/{action}/").status_code for action in ("test", "sync")] == [405, 405]


@pytest.mark.parametrize("model", [UpstreamService, ServiceChange, BalanceReading])
def test_what_the_jobs_write_is_read_only(owner: Client, shop: Shop, model: type) -> None:
    name = model.__name__.lower()
    BalanceReading.objects.create(provider=shop.provider, balance=1, currency="USD", expected=1, drift=0)
    row = model._default_manager.first()
    assert row is not None
    url = f"/admin/providers/{name}/"
    assert owner.get(url).status_code == 200
    assert owner.get(f"{url}{row.pk}/change/").status_code == 200
    assert owner.post(f"{url}{row.pk}/change/", {"name": "x"}).status_code == 403
    assert owner.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert owner.get(f"{url}add/").status_code == 403
    assert owner.post(f"{LIST}{shop.provider.pk}/delete/", {"post": "yes"}).status_code == 403


def test_evidence_may_decide_when_people_have_shared_enough_of_it(owner: Client, provider: Provider) -> None:
    Provider.objects.update(probes_right=PROBES_TO_TRUST - 1)
    page = save(owner, f"{LIST}{provider.pk}/change/", words(provider, probing="adopt"))
    assert "19 were confirmed and 0 overruled" in page.content.decode()
    for right, wrong, allowed in ((PROBES_TO_TRUST, 1, "shadow"), (PROBES_TO_TRUST, 0, "adopt")):
        Provider.objects.update(probes_right=right, probes_wrong=wrong)
        save(owner, f"{LIST}{provider.pk}/change/", words(provider, probing="adopt"))
        assert Provider.objects.get(pk=provider.pk).probing == allowed


def test_a_smaller_list_is_accepted_as_it_was_when_the_page_was_opened(owner: Client, shop: Shop) -> None:
    for number in range(1, 11):
        shop.simulator.remove_service(number)
    shop.sync()
    page = owner.get(f"{LIST}{shop.provider.pk}/change/").content.decode()
    seen = re.findall(r'name="seen" value="([^"]+)"', page)[0]
    shop.simulator.remove_service(11)
    url = f"{LIST}{shop.provider.pk}/sync/"
    for form in ({"accept_shrunk": "1"}, {"accept_shrunk": "1", "seen": seen}):
        said = owner.post(url, form, follow=True).content.decode()
        assert "Sync on hold. 11 of 20 services are missing from the list." in said
        assert shop.service("1").is_available
    said = owner.post(url, {"accept_shrunk": "1", "seen": timezone.now().isoformat()}, follow=True).content.decode()
    assert "Synced: 0 new, 0 changed, 11 removed, 9 unchanged." in said


def follow(owner: Client, url: str, **changes: str) -> str:
    """Save the provider's form; the page that follows."""
    given = {**opened(owner, url), **words(Provider.objects.get(), **changes)}
    return str(owner.post(url, given, follow=True).content.decode())


def test_a_new_exchange_rate_of_held_prices_leads_to_where_they_are_accepted(owner: Client, shop: Shop) -> None:
    Provider.objects.update(prices_held_at=timezone.now())
    url = f"{LIST}{shop.provider.pk}/change/"
    said = follow(owner, url, exchange_rate="0.8")
    link = f'<a href="/staff/changes/#prices-{shop.provider.pk}">Accept them</a>'
    assert f"The prices still need review. {link}" in said
    assert shop.reload().prices_held_at is not None
    assert "still need review" not in follow(owner, url, name="Other", exchange_rate="0.8")
