"""Customers' webhooks reach public addresses alone, and tell nothing of the network that the panel stands in."""

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.send import SendResult, send_message
from panel.lib.outbound import sockets
from panel.lib.outbound.signing import new_secret
from panel.lib.secret import Secret
from tests.certificates import server_context
from tests.orders.webhooks.conftest import Listen
from tests.scripted import answer, closed_port, scripted

NOT_REACHED = SendResult(
    None, "Your endpoint couldn't be reached. The URL must be public and use https on port 443 or 8443."
)
NO_TLS = SendResult(None, "No secure connection could be made. Check the certificate of your endpoint.")
SECRET = new_secret()
PUBLIC = "93.184.216.34"


def send(url: str, secret: Secret = SECRET) -> SendResult:
    delivery = Delivery(pk=1, webhook=Webhook(pk=1), event="test", payload={})
    return replace(send_message(url=url, secret=secret, delivery=delivery, seconds=5), seconds=0)


@pytest.fixture
def shop(settings: LazySettings) -> None:
    """As a shop runs: staff allowed hosts for their providers, and no test says where webhooks may be."""
    settings.ALLOWED_PRIVATE_HOSTS = frozenset({"127.0.0.1", "localhost", "provider.internal"})
    settings.WEBHOOK_TEST_HOSTS = frozenset()


def resolving(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Every name leads to `address`; nowhere without one."""

    def found(host: str, port: int, **_: Any) -> list[Any]:
        if not address:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_hosts_allowed_for_providers_are_not_for_webhooks(shop: None, listen: Listen) -> None:
    program = listen()
    for scheme in ("http", "https"):
        for host in ("127.0.0.1", "localhost"):
            assert send(f"{scheme}://{host}:{program.port}/") == NOT_REACHED
    assert program.connections == 0


def test_a_private_listener_looks_like_a_closed_port_and_an_unknown_name(
    shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a scan would compare: whether the name is known, and who listens there."""
    monkeypatch.setattr("panel.lib.outbound.client.PUBLIC_PORTS", range(1, 65536))
    with scripted(answer(b"ok")) as program:
        resolving(monkeypatch, "127.0.0.1")
        open_port = send(f"https://provider.internal:{program.port}/")
        closed = send(f"https://db.internal:{closed_port()}/")
        resolving(monkeypatch, "")
        unknown = send(f"https://nowhere.internal:{program.port}/")
    assert (open_port, closed, unknown) == (NOT_REACHED,) * 3
    assert program.connections == 0


@pytest.mark.parametrize("problem", [ConnectionRefusedError("refused"), TimeoutError("timed out")])
def test_a_public_host_that_takes_no_call_says_the_same(
    shop: None, monkeypatch: pytest.MonkeyPatch, problem: OSError
) -> None:
    def fail(sock: socket.socket, address: Any) -> None:
        raise problem

    resolving(monkeypatch, PUBLIC)
    monkeypatch.setattr(sockets.GuardedSocket, "connect", fail)
    assert send("https://example.com/") == NOT_REACHED


def test_other_ports_are_not_called(shop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []

    def connect(sock: socket.socket, address: Any) -> None:
        called.append(address[1])
        raise ConnectionRefusedError

    resolving(monkeypatch, PUBLIC)
    monkeypatch.setattr(sockets.GuardedSocket, "connect", connect)
    assert {send(f"https://example.com:{port}/") for port in (22, 80, 5432, 6379, 8080)} == {NOT_REACHED}
    assert send("http://example.com/") == NOT_REACHED
    assert called == []
    assert {send(f"https://example.com{port}/") for port in ("", ":443", ":8443")} == {NOT_REACHED}
    assert sorted(called) == [443, 443, 8443]


def test_a_certificate_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    context, _ = server_context(tmp_path)
    with scripted(answer(b"ok"), tls=context) as program:
        assert send(program.url) == NO_TLS


def test_no_environment_opens_private_hosts_to_webhooks(tmp_path: Path) -> None:
    given = dict.fromkeys(("WEBHOOK_TEST_HOSTS", "ALLOWED_PRIVATE_HOSTS"), "127.0.0.1")
    code = "from panel import settings; print(settings.WEBHOOK_TEST_HOSTS, settings.ALLOWED_PRIVATE_HOSTS)"
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**given, "DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert said.stdout == "frozenset() frozenset({'127.0.0.1'})\n"
