"""The port itself: starting, stopping, waiting, and clients that behave oddly."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.fixtures_simulator import SIMULATOR_KEY, Simulator
from tests.providers.simulator.client import add, call, post, status

BODY = f"key={SIMULATOR_KEY}&action=balance".encode()
HEAD = b"POST /api/v2 HTTP/1.1\r\nContent-Length: %d\r\n" % len(BODY)


def dial(simulator: Simulator) -> socket.socket:
    host, port = simulator.url.split("/")[2].split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def test_the_address_is_that_of_an_api(simulator: Simulator) -> None:
    assert simulator.url.startswith("http://127.0.0.1:")
    assert simulator.url.endswith("/api/v2")


def test_a_request_may_come_in_pieces_and_two_at_once(simulator: Simulator) -> None:
    with dial(simulator) as client:
        for byte in HEAD + b"\r\n" + BODY:
            client.send(bytes([byte]))
        client.sendall((HEAD + b"\r\n" + BODY) * 2)
        client.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: client.recv(65_536), b""))

    assert said.count(b'{"balance":"1000","currency":"USD"}') == 3


def test_a_client_may_ask_for_leave_and_for_the_end(simulator: Simulator) -> None:
    with dial(simulator) as client:
        client.sendall(HEAD + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)
        said = b"".join(iter(lambda: client.recv(65_536), b""))

    assert b"Connection: close\r\n" in said


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v2 HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"x" * 40_000,
    ],
)
def test_what_is_no_request_ends_the_connection_only(simulator: Simulator, said: bytes) -> None:
    with dial(simulator) as client:
        client.sendall(said)
        with suppress(ConnectionResetError):  # where it was closed while there was more to read
            assert client.recv(100) == b""
    assert call(simulator, action="balance") == {"balance": "1000", "currency": "USD"}


def test_a_client_that_leaves_midway_creates_nothing(simulator: Simulator) -> None:
    with dial(simulator) as client:
        client.sendall(b"POST /api/v2 HTTP/1.1\r\nContent-Length: 500\r\n\r\n" + BODY)
    assert add(simulator) == "1"


def test_stopping_ends_what_hangs_and_what_waits(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(hang_seconds=600, latency=0)
    simulator.next("balance", "hang")
    ends = []

    def ask() -> None:
        try:
            post(simulator, timeout=60, action="balance")
        except OSError as end:
            ends.append(type(end))

    asking = threading.Thread(target=ask)
    asking.start()
    while not simulator.requests("balance"):
        time.sleep(0.01)
    idle = dial(simulator)
    idle.sendall(HEAD + b"\r\n" + BODY)
    assert idle.recv(12) == b"HTTP/1.1 200"
    simulator.server.stop()
    asking.join(30)

    assert not asking.is_alive()
    assert len(ends) == 1
    assert b"".join(iter(lambda: idle.recv(65_536), b"")).endswith(b'{"balance":"1000","currency":"USD"}')
    with pytest.raises(ConnectionRefusedError):
        dial(simulator)
    idle.close()


def test_latency_is_waited_for_side_by_side(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator()
    simulator.latency = 600
    answers, ends = [], []

    def ask() -> None:
        try:
            answers.append(post(simulator, timeout=600, action="balance"))
        except OSError as end:
            ends.append(end)

    clients = [threading.Thread(target=ask) for _ in range(20)]
    for client in clients:
        client.start()
    while len(simulator.requests("balance")) < 20:
        time.sleep(0.01)
    assert answers == []  # all twenty are there, and none has its answer yet
    simulator.server.stop()
    for client in clients:
        client.join(30)

    assert len(answers) + len(ends) == 20


def test_an_answer_that_waited_is_an_answer(make_simulator: Callable[..., Simulator]) -> None:
    simulator = make_simulator(latency=0.05)

    assert status(simulator, add(simulator))["status"] == "Pending"
