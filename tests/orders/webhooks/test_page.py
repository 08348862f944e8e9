"""The webhook's page: an address that can be called, a secret shown once, and nothing of anybody else's."""

import html
import json
import re
import subprocess
import time
from typing import Any

import django.shortcuts
import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from orders.site.webhook import SAVE_LIMIT, SEND_LIMIT
from orders.webhooks.choices import send_test
from orders.webhooks.deliver import deliver_due
from orders.webhooks.models import Delivery, Webhook
from panel.customers.models import User
from panel.lib.outbound.signing import signed_headers
from panel.lib.secret import Secret
from panel.ops.models import AuditEvent
from tests.fixtures_orders import Store
from tests.orders.webhooks.conftest import Listen, queue
from tests.scripted import ScriptedServer

PAGE = "/api/webhook/"
Hook = tuple[ScriptedServer, Secret]


@pytest.fixture
def ada(store: Store) -> Client:
    client = Client()
    client.force_login(store.customer)
    return client


@pytest.fixture
def eve(store: Store) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("eve@example.com"))
    return client


def shown_secret(page: str) -> str:
    found = re.search(r'id="secret">(whsec_[^<]+)<', page)
    return html.unescape(found[1]) if found else ""


def test_it_is_set_changed_and_removed(ada: Client, store: Store, listen: Listen) -> None:
    assert "No messages yet" in ada.get(PAGE).content.decode()
    page = ada.post(PAGE, {"url": listen().url})
    secret = shown_secret(page.content.decode())
    webhook = Webhook.objects.get()
    assert webhook.open_secret().reveal() == secret
    assert "no-store" in page["Cache-Control"]
    assert shown_secret(ada.get(PAGE).content.decode()) == ""
    other = listen().url
    assert ada.post(PAGE, {"url": other}).status_code == 302
    webhook.refresh_from_db()
    assert (webhook.url, webhook.open_secret().reveal()) == (other, secret)
    renewed = shown_secret(ada.post(f"{PAGE}secret/").content.decode())
    webhook.refresh_from_db()
    assert webhook.open_secret().reveal() == renewed != secret
    assert ada.post(f"{PAGE}remove/").status_code == 302
    assert Webhook.objects.count() == 0
    assert AuditEvent.objects.filter(target=f"customer:{store.customer.pk}").count() == 4


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "This field is required"),
        ("nonsense", "This is no address that we can use"),
        ("http://example.com/", "not https"),
        ("https://user:word@example.com/", "more than a host and a path"),
        ("javascript:alert(1)", "This is no address that we can use"),
        ("https://example.com:5432/", "Use one of these ports: 443, 8443."),
        ("https://10.0.0.1/", "Enter a public URL."),
        ("https://[::1]:8443/", "Enter a public URL."),
        ("https://169.254.169.254/latest/", "Enter a public URL."),
        ("http://provider.internal/", "not https"),
        ("https://example.com/" + "a" * 500, "at most 500 characters"),
    ],
)
def test_an_address_that_cannot_be_is_refused(ada: Client, settings: LazySettings, url: str, said: str) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = frozenset({"10.0.0.1", "provider.internal"})
    answer = ada.post(PAGE, {"url": url})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Webhook.objects.count() == 0


def test_the_log_shows_what_became_of_each_and_sends_again(ada: Client, hook: Hook) -> None:
    ada.post(f"{PAGE}test/")
    assert "Pending" in ada.get(PAGE).content.decode()
    deliver_due()
    delivery = Delivery.objects.get()
    page = ada.get(PAGE).content.decode()
    assert "Delivered" in page
    assert f"msg_{delivery.pk}" in page
    ada.post(f"{PAGE}{delivery.pk}/again/")
    deliver_due()
    assert len(hook[0].requests) == 2


@pytest.mark.parametrize("path", ["secret/", "test/", "remove/", "{}/again/"])
def test_one_that_is_removed_in_that_moment_is_not_there(
    ada: Client, hook: Hook, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Somebody removes it after the page has found it."""
    (delivery,) = queue(webhook)
    deliver_due()
    found = django.shortcuts.get_object_or_404

    def found_then_gone(*args: Any, **named: Any) -> Any:
        row = found(*args, **named)
        Webhook.objects.all().delete()
        return row

    monkeypatch.setattr("orders.site.webhook.get_object_or_404", found_then_gone)
    assert ada.post(PAGE + path.format(delivery.pk)).status_code == 404
    assert AuditEvent.objects.filter(action__in=["webhook secret renewed", "webhook removed"]).count() == 0


def test_others_see_and_touch_nothing_of_it(eve: Client, hook: Hook, webhook: Webhook) -> None:
    delivery = send_test(webhook=webhook)
    deliver_due()
    before = list(Delivery.objects.values()), list(Webhook.objects.values())
    assert hook[0].url not in eve.get(PAGE).content.decode()
    paths = [f"{PAGE}secret/", f"{PAGE}remove/", f"{PAGE}test/", f"{PAGE}{delivery.pk}/again/"]
    assert [eve.post(path).status_code for path in paths] == [404] * 4
    assert (list(Delivery.objects.values()), list(Webhook.objects.values())) == before
    assert [Client().post(path).status_code for path in [PAGE, *paths]] == [302] * 5
    assert (list(Delivery.objects.values()), list(Webhook.objects.values())) == before


def next_hour() -> float:
    """The beginning of a window of every limit."""
    return (time.time() // 3600 + 1) * 3600


def test_tests_and_repeats_have_a_limit(ada: Client, hook: Hook, webhook: Webhook) -> None:
    with time_machine.travel(next_hour(), tick=False):
        for _ in range(SEND_LIMIT.count):
            ada.post(f"{PAGE}test/")
            deliver_due()
        assert len(hook[0].requests) == SEND_LIMIT.count
        before = list(Delivery.objects.values()), list(Webhook.objects.values())
        last = Delivery.objects.latest("pk")
        for path in (f"{PAGE}test/", f"{PAGE}{last.pk}/again/"):
            page = ada.post(path, follow=True).content.decode()
            assert "Too many requests. Try again in 1 minute." in page
        assert (list(Delivery.objects.values()), list(Webhook.objects.values())) == before


def test_one_test_waits_and_the_page_says_so(ada: Client, hook: Hook) -> None:
    ada.post(f"{PAGE}test/")
    assert "1 message waiting" in ada.get(PAGE).content.decode()
    assert "A test is already waiting." in ada.post(f"{PAGE}test/", follow=True).content.decode()
    assert Delivery.objects.count() == 1


def test_setting_the_address_has_a_limit(ada: Client, hook: Hook) -> None:
    with time_machine.travel(next_hour(), tick=False):
        for _ in range(SAVE_LIMIT.count):
            assert ada.post(PAGE, {"url": "https://example.com/old"}).status_code == 302
        page = ada.post(PAGE, {"url": "https://example.com/new"}, follow=True).content.decode()
    assert "Too many requests. Try again in 60 minutes." in page
    assert Webhook.objects.get().url == "https://example.com/old"


def test_staff_see_what_waits_and_why_it_is_paused(admin_client: Client, webhook: Webhook) -> None:
    queue(webhook, 3)
    Webhook.objects.update(pause_reason="The webhook is paused.")
    for path in ("", f"{webhook.pk}/change/"):
        page = admin_client.get(f"/admin/webhooks/webhook/{path}").content.decode()
        assert re.search(r"essages waiting.*\b3\b.*The webhook is paused\.", page, re.DOTALL)


@pytest.mark.parametrize("way", ["python", "php"])
def test_the_pages_examples_verify_a_message(ada: Client, way: str) -> None:
    page = ada.get(PAGE).content.decode()
    found = re.search(rf'id="verify-{way}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    code = html.unescape(found[1])
    secret, body = Secret("whsec_" + "QUFB" * 10), b'{"event": "test", "text": "\xc3\xa4"}'
    headers = signed_headers(secret=secret, message_id="msg_1", timestamp=int(time.time()), body=body)
    lower = {name.lower(): value for name, value in headers.items()}
    stale = lower | {"webhook-timestamp": str(int(time.time()) - 301)}
    given = json.dumps([secret.reveal(), lower, stale, body.decode()])
    assert run(way, code, given) == "1 0 0"


def run(way: str, code: str, given: str) -> str:
    """What the example says of a message, of an old one, and of one whose body was changed."""
    if way == "python":
        script = code + (
            "\nimport json, sys\ns, h, old, b = json.loads(sys.argv[1])\n"
            "print(*(int(is_genuine(s, *each)) for each in [(h, b.encode()), (old, b.encode()), (h, b'{}')]))"
        )
        command = ["python3", "-c", script, given]
    else:
        script = code + (
            "\n[$s, $h, $old, $b] = json_decode($argv[1], true);\n"
            'echo implode(" ", array_map("intval", [is_genuine($s, $h, $b), is_genuine($s, $old, $b), '
            'is_genuine($s, $h, "{}")]));'
        )
        command = ["php", "-r", script, "--", given]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
