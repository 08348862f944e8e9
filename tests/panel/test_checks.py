"""The checks of the configuration: each finds its mistake, and a good configuration is silent."""

from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from panel.checks import check_mail
from panel.lib.commands import CONFIGURATION, OperatorCommand


def found() -> set[str | None]:
    """The ids of our own findings."""
    return {message.id for message in checks.run_checks() if (message.id or "").startswith("panel.")}


def test_the_defaults_are_in_order() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SITE_URL", "panel.example.com", "panel.E001"),
        ("SITE_URL", "ftp://panel.example.com", "panel.E001"),
        ("SITE_URL", "http://panel.example.com", "panel.W001"),
        ("ALLOWED_HOSTS", ["panel.example.com", "*"], "panel.E002"),
        ("SECRET_KEY", "short", "panel.E003"),
        ("API_PEPPER", "", "panel.E003"),
        ("METRICS_TOKEN", "short", "panel.E003"),
        ("DATA_KEYS", [], "panel.E004"),
        ("DATA_KEYS", ["not base64"], "panel.E004"),
        ("DATA_KEYS", ["c2hvcnQ="], "panel.E004"),
        ("POLL_SECONDS", 0, "panel.E005"),
        ("LEASE_SECONDS", 30, "panel.E006"),
        ("CURRENCY", "$", "panel.E007"),
        ("REPORT_TIME_ZONE", "Berlin", "panel.E011"),
        ("SECOND_APPROVAL_ABOVE", -1, "panel.E012"),
        ("SENTRY_DSN", "http://public@sentry.example.com/1", "panel.W004"),
    ],
)
def test_a_mistake_is_found(settings: Any, name: str, value: object, expected: str) -> None:
    setattr(settings, name, value)
    assert found() == {expected}


SECRET = "whsec_" + "a" * 44


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"TELEGRAM_TOKEN": "1:a"}, "panel.E009"),
        ({"TELEGRAM_CHATS": ["7"]}, "panel.E009"),
        ({"TELEGRAM_TOKEN": "1:a/../b", "TELEGRAM_CHATS": ["7"]}, "panel.E009"),
        ({"WEBHOOK_URL": "https://ops.example.com/"}, "panel.E010"),
        ({"WEBHOOK_SECRET": SECRET}, "panel.E010"),
        ({"WEBHOOK_URL": "http://ops.example.com/", "WEBHOOK_SECRET": SECRET}, "panel.E010"),
        ({"WEBHOOK_URL": "https://ops.example.com/", "WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "panel.E010"),
        ({"WEBHOOK_URL": "https://ops.example.com/", "WEBHOOK_SECRET": "not base64"}, "panel.E010"),
        ({"TELEGRAM_TOKEN": "123:a-B_c", "TELEGRAM_CHATS": ["7"]}, None),
        ({"WEBHOOK_URL": "https://ops.example.com/", "WEBHOOK_SECRET": SECRET}, None),
    ],
)
def test_a_half_set_channel_of_the_alerts_is_found(settings: Any, given: dict[str, Any], expected: str | None) -> None:
    for name, value in given.items():
        setattr(settings, f"ALERT_{name}", value)
    assert found() == ({expected} if expected else set())


def test_a_transaction_around_every_request_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert found() == {"panel.E008"}


def test_several_processes_on_sqlite_are_warned_of(settings: Any) -> None:
    settings.REDIS_URL, settings.IS_SQLITE = "redis://127.0.0.1:6379/0", True
    assert found() == {"panel.W002"}


def test_a_panel_without_mail_is_warned_of_on_deployment(settings: Any) -> None:
    settings.EMAIL_URL = ""
    assert [message.id for message in check_mail(None)] == ["panel.W003"]
    settings.EMAIL_URL = "smtp://mail.example.com"
    assert check_mail(None) == []


def test_no_message_holds_a_secret(settings: Any) -> None:
    settings.SECRET_KEY, settings.DATA_KEYS = "canary-secret", ["canary-key"]
    said = " ".join(f"{message.msg} {message.hint}" for message in checks.run_checks())
    assert "canary" not in said


def test_commands_run_the_checks_of_the_configuration_alone() -> None:
    """Django's own load every page of the panel, which takes longer than most commands do."""
    registered: Any = checks.registry.registry.registered_checks
    tagged = {check.__name__ for check in registered if CONFIGURATION in check.tags}
    names = ("addresses", "secrets", "numbers", "scale", "alerts", "reports")
    assert tagged == {f"check_{name}" for name in names}
    assert OperatorCommand.requires_system_checks == (CONFIGURATION,)


def test_a_command_is_refused_where_the_configuration_is_wrong(settings: Any) -> None:
    settings.SITE_URL = "nonsense"
    with pytest.raises(SystemCheckError, match=r"panel\.E001"):
        call_command("safe_mode", skip_checks=False)
