"""Which connection a request goes out on, and when a question is asked once more."""

import pytest

from panel.lib.outbound.client import NoAnswer, Outbound
from tests.panel.lib.outbound.posting import HEAD, HOME, OK, post
from tests.scripted import Act, answer, close, drip, reset, scripted


def test_pooled_requests_share_a_connection_and_fresh_ones_never() -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(answer(OK, keep=True)) as server:
        for _ in range(3):
            post(server.url, out=out, fresh=False)
        assert (server.connections, len(server.requests)) == (1, 3)
        for _ in range(2):
            post(server.url, out=out, fresh=True)
        assert (server.connections, len(server.requests)) == (3, 5)
        out.close()


@pytest.mark.parametrize("gone", [close, reset])
def test_a_question_on_a_connection_that_went_stale_is_asked_once_more(gone: Act) -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(answer(OK, keep=True), gone, answer(OK)) as server:
        post(server.url, out=out, fresh=False)
        assert post(server.url, out=out, fresh=False).body == OK
        assert (server.connections, len(server.requests)) == (2, 3)


def test_it_is_asked_once_more_only_once() -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(answer(OK, keep=True), close) as server:
        post(server.url, out=out, fresh=False)
        with pytest.raises(NoAnswer):
            post(server.url, out=out, fresh=False)
        assert len(server.requests) == 3


def test_a_question_that_was_half_answered_is_not_asked_again() -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(answer(OK, keep=True), answer(OK, length=100)) as server:
        post(server.url, out=out, fresh=False)
        with pytest.raises(NoAnswer):
            post(server.url, out=out, fresh=False)
        assert len(server.requests) == 2


def test_cookies_are_not_sent_back() -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(answer(OK, keep=True, headers="Set-Cookie: a=b\r\n")) as server:
        post(server.url, out=out, fresh=False)
        post(server.url, out=out, fresh=False)
        out.close()
    assert b"cookie" not in server.heads[1].lower()


def test_it_works_on_after_a_failure() -> None:
    out = Outbound(allowed_private_hosts=HOME)
    with scripted(drip(HEAD), answer(OK)) as server:
        with pytest.raises(NoAnswer):
            post(server.url, out=out, fresh=False, seconds=0.3)
        assert post(server.url, out=out, fresh=False).body == OK
