"""Alerts are told by every channel: once when they open, once when they close, again after a failure, damped."""

import base64
import hashlib
import hmac
import json
import logging
import smtplib
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from panel.celery import app
from panel.lib.outbound.retries import RETRIES
from panel.lib.outbound.signing import new_secret
from panel.ops import tasks
from panel.ops.alerts import notice_jobs
from panel.ops.alerts.alerts import close_alert, dismiss_alert, raise_alert
from panel.ops.alerts.channels import NotSentError, send
from panel.ops.alerts.notice_jobs import LEASE, SendResult, forget_old, send_due
from panel.ops.alerts.notices import QUIET_FOR, SKIPPED, NoChannelError, queue_opened, queue_test
from panel.ops.models import Alert, AlertNotice, AuditEvent, JobRun
from tests.panel.web.emails import html_of
from tests.plans import plan_of
from tests.scripted import ScriptedServer, answer, closed_port, raw, scripted

pytestmark = pytest.mark.django_db
TOKEN = "123456:canary-token_of_the_bot"
SECRET = new_secret()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def by_mail(settings: LazySettings) -> None:
    settings.ALERT_EMAILS = ["boss@example.com", "night@example.com"]


@pytest.fixture
def telegram(settings: LazySettings) -> Iterator[ScriptedServer]:
    with scripted(answer(b'{"ok":true}')) as server:
        settings.ALERT_TELEGRAM_API = f"http://127.0.0.1:{server.port}"
        settings.ALERT_TELEGRAM_TOKEN, settings.ALERT_TELEGRAM_CHATS = TOKEN, ["-100", "7"]
        yield server


@pytest.fixture
def program(settings: LazySettings) -> Iterator[ScriptedServer]:
    with scripted(answer(b"")) as server:
        settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = server.url, SECRET.reveal()
        yield server


def open_one(subject: str = "books", detail: str = "wallet 1: 3 more") -> Alert:
    raise_alert(subject=subject, level=Alert.Level.CRITICAL, title="The books\ndo not add up", detail=detail)
    return Alert.objects.get(subject=subject, closed_at=None)


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


OPENED, OVER = "[Panel] Critical: The books do not add up", "[Panel] Resolved: The books do not add up"


def test_every_channel_hears_of_the_opening_and_of_the_end_once(
    by_mail: None, telegram: ScriptedServer, program: ScriptedServer
) -> None:
    alert = open_one()
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="The books do not add up", detail="wallet 2")
    assert send_due() == SendResult(sent=4)
    assert close_alert(subject="books")
    assert not close_alert(subject="books")
    assert send_due() == SendResult(sent=4)
    assert send_due() == SendResult()

    assert subjects() == [OPENED, OVER]
    first = mail.outbox[0]
    assert first.to == ["boss@example.com", "night@example.com"]
    assert first.body == "wallet 2\n\nhttp://127.0.0.1:8000/staff/alerts/\n"
    assert "wallet 2</font>" in html_of(first)
    assert "The cause is gone. Open from" in str(mail.outbox[1].body)
    assert "The cause is gone. Open from" in html_of(mail.outbox[1])

    said = [json.loads(body) for body in telegram.requests]
    lines = [(one["chat_id"], one["text"].splitlines()[0]) for one in said]
    assert [*sorted(lines[:2]), *sorted(lines[2:])] == [  # the chats are told at once
        ("-100", OPENED), ("7", OPENED), ("-100", OVER), ("7", OVER),
    ]  # fmt: skip
    assert telegram.heads[0].split(b"\r\n")[0] == f"POST /bot{TOKEN}/sendMessage HTTP/1.1".encode()

    opened, over = (json.loads(body) for body in program.requests)
    assert opened == {
        "event": "alert.opened",
        "at": opened["at"],
        "page": "http://127.0.0.1:8000/staff/alerts/",
        "alert": alert.pk,
        "subject": "books",
        "level": "critical",
        "title": "The books do not add up",
        "detail": "wallet 2",
        "closed_by": "",
    }
    assert (over["event"], over["alert"]) == ("alert.closed", alert.pk)


def test_a_program_can_tell_that_it_was_us(program: ScriptedServer) -> None:
    open_one()
    send_due()
    lines = program.heads[0].decode().split("\r\n")[1:]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert headers["webhook-id"] == f"alert_{AlertNotice.objects.get().pk}"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + program.requests[0]
    key = base64.b64decode(SECRET.reveal().removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_who_closed_it_is_told(by_mail: None) -> None:
    alert = open_one()
    send_due()
    assert dismiss_alert(alert_id=alert.pk, actor="ada@example.com")
    assert not dismiss_alert(alert_id=alert.pk, actor="bob@example.com")
    send_due()
    assert subjects() == [OPENED, OVER]
    assert "Closed by ada@example.com." in str(mail.outbox[1].body)


def test_what_is_rolled_back_is_not_told(by_mail: None) -> None:
    with transaction.atomic():
        open_one()
        transaction.set_rollback(True)
    assert (Alert.objects.count(), AlertNotice.objects.count(), send_due()) == (0, 0, SendResult())


def test_nothing_is_kept_where_no_channel_is_set(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    open_one()
    assert AlertNotice.objects.count() == 0
    with django_assert_num_queries(1):
        raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x")
    close_alert(subject="books")
    with django_assert_num_queries(1):
        close_alert(subject="books")
    assert AlertNotice.objects.count() == 0


def test_a_failure_is_tried_again_with_growing_pauses_and_given_up(
    program: ScriptedServer, by_mail: None, clock: time_machine.Traveller, settings: LazySettings
) -> None:
    settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{closed_port()}/"
    open_one()
    assert send_due() == SendResult(sent=1, failed=1)
    assert subjects() == [OPENED]  # the other channel is not held up
    for number, pause in enumerate(RETRIES, 1):
        notice = AlertNotice.objects.get(channel="webhook")
        assert (notice.tries, notice.next_at, notice.status) == (number, timezone.now() + pause, "retrying")
        clock.shift(pause - timedelta(seconds=1))
        assert send_due() == SendResult()
        clock.shift(timedelta(seconds=1))
        assert send_due() == SendResult(failed=1)
    notice = AlertNotice.objects.get(channel="webhook")
    assert (notice.next_at, notice.status, notice.tries) == (None, "not sent", 9)
    assert notice.reason == "Not connected to 127.0.0.1: it does not take calls."


def test_an_end_waits_for_its_opening(program: ScriptedServer, clock: time_machine.Traveller) -> None:
    program.acts = [answer(b"", status=500), answer(b"")]
    open_one()
    assert send_due() == SendResult(failed=1)
    close_alert(subject="books")
    assert send_due() == SendResult()
    clock.shift(RETRIES[0])
    assert send_due() == SendResult(sent=2)
    events = [json.loads(body)["event"] for body in program.requests]
    assert events == ["alert.opened", "alert.opened", "alert.closed"]


def test_flapping_is_damped(by_mail: None, clock: time_machine.Traveller) -> None:
    open_one()
    send_due()
    for _ in range(10):  # opens and closes every 20 seconds
        clock.shift(10)
        close_alert(subject="books")
        send_due()
        clock.shift(10)
        open_one()
        send_due()
    assert subjects() == [OPENED, OVER]
    assert AlertNotice.objects.filter(reason=str(SKIPPED), next_at=None, is_delivered=False, tries=0).count() == 9
    clock.shift(QUIET_FOR - timedelta(seconds=201))
    assert send_due() == SendResult()
    clock.shift(1)
    assert send_due() == SendResult(sent=1)
    close_alert(subject="books")
    assert send_due() == SendResult(sent=1)
    assert subjects() == [OPENED, OVER, OPENED, OVER]


def test_one_flapping_subject_holds_up_no_other(by_mail: None, clock: time_machine.Traveller) -> None:
    open_one()
    send_due()
    open_one("drift:1")
    assert send_due() == SendResult(sent=1)


def test_a_message_being_sent_is_left_alone_and_sent_again_after_a_crash(
    by_mail: None, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(notice: AlertNotice) -> None:
        raise KeyboardInterrupt

    open_one()
    with monkeypatch.context() as patch:
        patch.setattr(notice_jobs, "send", crash)
        with pytest.raises(KeyboardInterrupt):
            send_due()
    assert send_due() == SendResult()  # another worker while it is claimed
    close_alert(subject="books")  # it may have been told, so its end is told too
    assert send_due() == SendResult()
    clock.shift(LEASE)
    assert send_due() == SendResult(sent=2)
    assert subjects() == [OPENED, OVER]


def test_a_repeated_mail_has_the_same_number(by_mail: None) -> None:
    open_one()
    send_due()
    AlertNotice.objects.update(next_at=timezone.now(), is_delivered=False)
    send_due()
    sent: list[Message] = [message.message() for message in mail.outbox]
    assert sent[0]["Message-ID"] == sent[1]["Message-ID"] == f"<alert-notice-{AlertNotice.objects.get().pk}@127.0.0.1>"


def test_a_mail_server_that_refuses_is_told_without_its_words(
    by_mail: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"canary-password")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    open_one()
    assert send_due() == SendResult(failed=1)
    assert AlertNotice.objects.get().reason == "The mail server refused the email: SMTPAuthenticationError."
    assert "canary-password" not in caplog.text


@pytest.mark.parametrize(
    "act",
    [
        answer(b"{}", status=401),
        answer(b"short", length=100),
        raw(b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 2\r\n\r\n{}"),  # urllib3 warns, with the address
        raw(b"nonsense"),
    ],
)
def test_the_bots_token_is_in_no_log_and_no_page(
    telegram: ScriptedServer, caplog: pytest.LogCaptureFixture, admin_client: Any, act: Any
) -> None:
    telegram.acts = [act]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3").debug("seen by nobody")
        open_one()
        send_due()
    assert "canary" not in caplog.text
    assert "canary" not in json.dumps(list(AlertNotice.objects.values("reason", "target")))
    assert "canary" not in admin_client.get("/staff/alerts/").content.decode()


def test_a_wake_up_follows_the_commit(
    by_mail: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda task, **options: sent.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        open_one()
        assert sent == []
    assert sent == ["panel.ops.tasks.tell_alerts"]
    tasks.tell_alerts()
    assert subjects() == [OPENED]
    assert JobRun.objects.get().summary == {"sent": 1, "failed": 0}


def test_old_messages_are_forgotten(by_mail: None, clock: time_machine.Traveller) -> None:
    open_one()
    send_due()
    close_alert(subject="books")
    send_due()
    open_one("drift:1")  # waits
    clock.shift(timedelta(days=30))
    assert forget_old(now=timezone.now()) == 0
    clock.shift(1)
    tasks.forget_notices()
    assert list(AlertNotice.objects.values_list("alert__subject", flat=True)) == ["drift:1"]
    assert JobRun.objects.get().summary == {"deleted": 2}


def test_a_test_goes_to_every_channel(by_mail: None, program: ScriptedServer) -> None:
    assert queue_test(actor="ada@example.com", now=timezone.now()) == 2
    assert send_due() == SendResult(sent=2)
    assert subjects() == ["[Panel] Test notification"]
    assert json.loads(program.requests[0])["text"] == "This is a test."
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.detail) == ("ada@example.com", "alert.test", {"messages": 2})


def test_without_a_channel_there_is_no_test(admin_client: Any) -> None:
    with pytest.raises(NoChannelError):
        queue_test(actor="ada@example.com", now=timezone.now())
    page = admin_client.post("/staff/alerts/test/", follow=True).content.decode()
    assert "No channel is configured" in page
    assert (AlertNotice.objects.count(), AuditEvent.objects.count()) == (0, 0)


def test_the_page_says_how_each_was_told(
    admin_client: Any, by_mail: None, program: ScriptedServer, clock: time_machine.Traveller
) -> None:
    page = admin_client.get("/staff/alerts/").content.decode()
    assert page.count("Nothing sent yet") == 2
    program.acts = [answer(b"", status=500)]
    open_one()
    assert "Email: Alert opened: not sent yet" in admin_client.get("/staff/alerts/").content.decode()
    send_due()
    page = admin_client.get("/staff/alerts/").content.decode()
    assert page.count("Email: Alert opened: sent") == 2  # at the alert, and at the channel
    assert page.count("The server answered with HTTP status 500.") == 2
    assert "Send test alert</button>" in page
    assert admin_client.post("/staff/alerts/test/").status_code == 302
    assert AlertNotice.objects.filter(event="test", alert=None).count() == 2


def test_a_channel_that_never_heard_of_an_alert_is_not_told_its_end(
    by_mail: None, clock: time_machine.Traveller, settings: LazySettings, program: ScriptedServer
) -> None:
    url, settings.ALERT_WEBHOOK_URL = settings.ALERT_WEBHOOK_URL, ""
    open_one()
    assert send_due() == SendResult(sent=1)
    settings.ALERT_WEBHOOK_URL = url
    close_alert(subject="books")
    assert send_due() == SendResult(sent=1)
    assert subjects() == [OPENED, OVER]
    assert program.requests == []
    assert list(AlertNotice.objects.order_by("pk").values_list("event", "channel")) == [
        ("opened", "email"), ("closed", "email"),
    ]  # fmt: skip
    open_one("drift:1")
    close_alert(subject="drift:1")  # before anybody was told
    assert send_due() == SendResult()
    open_one("drift:1")
    assert send_due() == SendResult(sent=2)


def test_the_end_of_an_alert_that_was_open_for_long_is_told(by_mail: None, clock: time_machine.Traveller) -> None:
    open_one()
    send_due()
    clock.shift(timedelta(days=31))
    assert forget_old(now=timezone.now()) == 0
    close_alert(subject="books")
    assert send_due() == SendResult(sent=1)
    assert subjects() == [OPENED, OVER]
    assert forget_old(now=timezone.now()) == 1  # its opening; the end is of today


def test_a_chat_that_was_taken_out_hears_nothing_more(telegram: ScriptedServer, settings: LazySettings) -> None:
    open_one()
    settings.ALERT_TELEGRAM_CHATS = ["7"]
    assert send_due() == SendResult(sent=1, failed=1)
    assert [json.loads(body)["chat_id"] for body in telegram.requests] == ["7"]
    notice = AlertNotice.objects.get(target="-100")
    assert notice.reason == "ALERT_TELEGRAM_CHATS no longer contains this chat."


def test_a_channel_that_hangs_holds_up_no_other(
    by_mail: None, telegram: ScriptedServer, program: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server answers only after everybody else has heard of all."""
    others = threading.Semaphore(0)

    def hang(*_: Any) -> int:
        assert all(others.acquire(timeout=20) for _ in range(9))
        return 1

    def counted(notice: AlertNotice) -> None:
        send(notice)
        if notice.channel != "email":
            others.release()

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", hang)
    monkeypatch.setattr(notice_jobs, "send", counted)
    for number in range(3):
        open_one(f"drift:{number}")
    AlertNotice.objects.filter(channel="email").exclude(alert__subject="drift:0").delete()
    assert send_due() == SendResult(sent=10)
    assert (len(telegram.requests), len(program.requests)) == (6, 3)


def test_a_message_that_kills_its_workers_is_counted_to_a_limit(by_mail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    open_one()
    AlertNotice.objects.update(tries=notice_jobs.MAX_TRIES)
    monkeypatch.setattr(notice_jobs, "send", Mock(side_effect=NotSentError("no")))
    assert send_due() == SendResult(failed=1)
    notice = AlertNotice.objects.get()
    assert (notice.tries, notice.next_at, notice.status) == (notice_jobs.MAX_TRIES, None, "not sent")


def test_a_time_of_a_clock_that_was_ahead_holds_up_nobody(by_mail: None) -> None:
    open_one()
    AlertNotice.objects.update(next_at=timezone.now() + timedelta(days=30))
    assert send_due() == SendResult(sent=1)


def test_what_was_told_of_a_subject_is_found_in_its_index(settings: LazySettings) -> None:
    settings.ALERT_EMAILS = ["ann@example.com"]
    now = timezone.now()
    Alert.objects.bulk_create(
        Alert(subject=f"drift:{number}", level="warning", title="x", closed_at=now) for number in range(2000)
    )
    AlertNotice.objects.bulk_create(
        AlertNotice(alert=alert, event="opened", channel="email", tries=1, tried_at=now, next_at=None)
        for alert in Alert.objects.all()
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    alert = Alert.objects.create(subject="drift:5", level="warning", title="x")
    plan = plan_of(lambda: queue_opened(alert=alert))
    assert "alert_subject" in plan, plan
    assert AlertNotice.objects.get(alert=alert).next_at == now + QUIET_FOR
