"""The web server's log lines, and how it is set."""

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError
from gunicorn.config import Config

from panel.ops.management.commands.run_panel import web_processes
from panel.serving import PanelServer, ServerLog


def log_request(caplog: pytest.LogCaptureFixture, *, path: str, query: str = "") -> logging.LogRecord:
    """The line of one request."""
    log = ServerLog(Config())
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1"}
    answer = SimpleNamespace(status="200 OK", headers=[("X-Request-Id", "abc123")])
    caplog.clear()
    log.access_log.setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        log.access(answer, None, environ | {"RAW_URI": f"{path}?{query}"}, timedelta(milliseconds=12))
    (record,) = caplog.records
    return record


def test_a_request_is_one_event_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    fields = vars(log_request(caplog, path="/orders/", query="key=secret"))
    wanted = ("msg", "method", "path", "status", "milliseconds", "address", "request_id")
    assert {name: fields[name] for name in wanted} == {
        "msg": "request",
        "method": "GET",
        "path": "/orders/",
        "status": "200",
        "milliseconds": 12.0,
        "address": "127.0.0.1",
        "request_id": "abc123",
    }
    assert "secret" not in str(fields)


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/accounts/password/reset/key/1-abc-def/", "/accounts/password/reset/key/.../"),
        ("/accounts/confirm-email/MQ:1abc:def/", "/accounts/confirm-email/.../"),
    ],
)
def test_a_key_in_a_path_is_not_logged(caplog: pytest.LogCaptureFixture, path: str, logged: str) -> None:
    assert vars(log_request(caplog, path=path))["path"] == logged


def test_watchers_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert log_request(caplog, path="/healthz").levelno == logging.DEBUG


def test_with_jobs_there_is_exactly_one_worker_process() -> None:
    assert PanelServer(bind="127.0.0.1:8000", jobs=True, workers=4).cfg.workers == 1
    assert PanelServer(bind="127.0.0.1:8000", jobs=False, workers=4).cfg.workers == 4


def test_the_control_socket_is_off() -> None:
    assert PanelServer(bind="127.0.0.1:8000", jobs=True, workers=1).cfg.control_socket_disable is True


@pytest.mark.parametrize(
    ("redis_url", "given", "processes"), [("", "", 1), ("", "1", 1), ("redis://x", "", 2), ("redis://x", "4", 4)]
)
def test_processes_that_serve_pages(
    redis_url: str, given: str, processes: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = redis_url
    monkeypatch.setenv("WEB_CONCURRENCY", given)
    assert web_processes() == processes


@pytest.mark.parametrize(
    ("given", "problem"), [("2", "WEB_CONCURRENCY is 2, but several web processes need Redis"), ("0", "1 or more")]
)
def test_several_processes_without_redis_are_refused(
    given: str, problem: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = ""
    monkeypatch.setenv("WEB_CONCURRENCY", given)
    with pytest.raises(CommandError, match=problem):
        web_processes()


def test_no_header_says_where_the_panel_begins() -> None:
    """A neighbor on the same machine would go round what is looked up by path."""
    assert PanelServer(bind="127.0.0.1:8000", jobs=False, workers=1).cfg.forwarder_headers == []
