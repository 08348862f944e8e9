"""A look-up of a name that hangs ends at the deadline with nothing sent, and its thread is one of a few."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from panel.lib.outbound import names
from panel.lib.outbound.client import NotConnected
from panel.lib.outbound.names import look_up
from tests.panel.lib.outbound.posting import post

ROWS = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]


class Resolver:
    """The system's, which answers when it is let."""

    def __init__(self) -> None:
        self.may_answer, self.asked = threading.Event(), threading.Semaphore(0)
        self.threads = list[threading.Thread]()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.threads.append(threading.current_thread())
        self.asked.release()
        self.may_answer.wait(timeout=20)
        return ROWS

    def end(self) -> None:
        self.may_answer.set()
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join(timeout=20)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(names, "_places", threading.BoundedSemaphore(2))
    yield resolver
    resolver.end()


def test_a_name_that_hangs_ends_at_the_deadline_with_nothing_sent(resolver: Resolver) -> None:
    said = r"Not connected to hangs\.example: its name did not resolve in time\."
    with pytest.raises(NotConnected, match=said) as raised:
        post("https://hangs.example/", seconds=0.2)
    assert not raised.value.reached
    assert not resolver.may_answer.is_set()  # it still hangs


def test_beyond_the_most_threads_the_caller_looks_up_itself(resolver: Resolver) -> None:
    for _ in range(2):
        with pytest.raises(TimeoutError):
            look_up("hangs.example", 443, seconds=0.01)
        assert resolver.asked.acquire(timeout=20)
    resolver.may_answer.set()
    for thread in resolver.threads:
        assert thread is not threading.current_thread()
        thread.join(timeout=20)
    for _ in range(2):
        assert names._places.acquire(blocking=False)  # both places are free again
    assert look_up("busy.example", 443, seconds=0.01) == ROWS
    assert resolver.threads[2] is threading.current_thread()


def test_where_no_thread_can_be_started_the_caller_looks_up_itself(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    resolver.may_answer.set()
    monkeypatch.setattr(threading.Thread, "start", fail)
    for _ in range(3):
        assert look_up("busy.example", 443, seconds=0.01) == ROWS
    assert resolver.threads == [threading.current_thread()] * 3
