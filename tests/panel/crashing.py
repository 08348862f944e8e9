"""Run by test_crash_reports in a process of its own: a page, a task and a log line that fail with secrets at hand."""

import logging
import os

import django

django.setup()

import sentry_sdk  # noqa: E402
from celery.app.trace import trace_task  # noqa: E402
from django.conf import settings  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from panel.celery import app  # noqa: E402

KEY = "canary0123456789abcdef0123456789"


def buy(request: HttpRequest, number: int) -> HttpResponse:
    password = "canary-in-a-variable"  # noqa: F841
    raise RuntimeError(f"key={KEY} of canary@example.com, pepper {settings.API_PEPPER}, gone wrong")


urlpatterns = [path("buy/<int:number>/", buy)]
settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = ["panel.web.middleware.RequestIdMiddleware"]

if __name__ == "__main__":
    client = Client(raise_request_exception=False)
    client.cookies["session"] = "canary-in-a-cookie"
    headers = {"Authorization": "Bearer canary-in-a-header", "User-Agent": "canary-agent"}
    client.post("/buy/7/?q=canary-in-the-query", {"comment": "canary-in-the-body"}, headers=headers)

    @app.task(name="tests.fail")
    def fail(order_id: int, note: str) -> None:
        raise ValueError("in a task")

    trace_task(fail, "run-9", (7,), {"note": "canary-in-an-argument"}, request={}, app=app)
    logging.getLogger("panel.tests").error(
        "not well: %s", "canary-parameter", extra={"provider": 3, "why": "canary-in-an-extra"}
    )
    logging.getLogger("panel.tests").warning("only a warning of canary")
    sentry_sdk.flush(timeout=10)
    assert os.environ["SENTRY_DSN"]
