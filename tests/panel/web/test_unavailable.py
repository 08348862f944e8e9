"""While the database is away pages answer 503 and ask to come back; other errors are 500."""

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (OperationalError("gone"), 503, "5"),
        (InterfaceError("connection already closed"), 503, "5"),
        (RuntimeError("a fault"), 500, None),
    ],
)
def test_what_was_not_foreseen(
    error: Exception, status: int, retry: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise error

    monkeypatch.setattr(
        "panel.customers.sessions.SessionSeenMiddleware.__call__", lambda self, request: broken(request)
    )
    answer = Client(raise_request_exception=False).get("/accounts/login/")
    assert (answer.status_code, answer.get("Retry-After")) == (status, retry)
    assert ("The site is busy" in answer.content.decode()) == (status == 503)
