"""Callers who hold on to the web server: others are answered meanwhile, and nobody stays for ever.

Two real servers, a hasty one with short deadlines and a patient one with long ones, so that no test depends on how
quick the machine is. Every group of callers has addresses of its own, as the loopback has many.
"""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.process.processes import Running, ask, environment, manage, managed, migrate, running, wait_until
from tests.throwaway import free_port

pytestmark = pytest.mark.process

FROM_ONE_ADDRESS, CONNECTIONS = 20, 40
DEADLINES = ("CONNECTION_IDLE_SECONDS", "REQUEST_HEAD_SECONDS", "REQUEST_BODY_SECONDS", "ANSWER_STALLED_SECONDS")
HASTY = dict.fromkeys(DEADLINES, "2")
PATIENT = dict.fromkeys(DEADLINES, "600") | {
    "CONNECTIONS": str(CONNECTIONS),
    "CONNECTIONS_FROM_ONE_ADDRESS": str(FROM_ONE_ADDRESS),
}
Server = tuple[int, Running]
GET = b"GET /healthz/web HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
API = b"POST /api/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
MULTIPART = b"Content-Type: multipart/form-data; boundary=frontier\r\n"
SIGN_IN = """
from django.test import Client
from panel.customers.models import User
client = Client()
client.force_login(User.objects.get(email="ana@example.com"))
print(client.cookies["session"].value)
"""
ENDLESS = 20_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slow-callers")


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    """An API key of a customer in a fresh panel."""
    env = environment(data_dir=folder / "data")
    migrate(env=env)
    managed("add_customer", "ana@example.com", env=env)
    return str(managed("issue_api_key", "ana@example.com", env=env)["key"])


@contextmanager
def serving(folder: Path, limits: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    (folder / "temporary").mkdir(exist_ok=True)
    env = environment(data_dir=folder / "data", EXPECT_JOBS="0", **limits) | {"TMPDIR": str(folder / "temporary")}
    command = ["python", "manage.py", "run_panel", "--no-jobs", "--bind", f"127.0.0.1:{port}"]
    with running(command, env=env | {"WEB_CONCURRENCY": "1"}, log=folder / f"{port}.log") as panel:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz/web")[0] == 200, of=panel)
        yield port, panel


@pytest.fixture(scope="module")
def hasty(folder: Path, key: str) -> Iterator[Server]:
    with serving(folder, HASTY) as served:
        yield served


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Server]:
    """The patient one."""
    with serving(folder, PATIENT) as served:
        yield served


def call(port: int, address: str, data: bytes = b"") -> socket.socket:
    """A connection from this address that has sent `data`."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(address, 0))
    sock.sendall(data)
    return sock


def hear(sock: socket.socket) -> bytes:
    """All that is answered until the server closes."""
    found = []
    try:
        while piece := sock.recv(65536):
            found.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(found)


def assert_others_are_answered(port: int) -> None:
    for number in range(20):
        with call(
            port, f"127.0.9.{number + 1}", GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        ) as customer:
            answer = hear(customer)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            assert answer.endswith(b"\r\n\r\nok\n")


SLOW = {
    "a head": GET[:-2],
    "one byte": b"G",
    "a body": API + b"Content-Length: 1000\r\n\r\nkey=",
    "chunks": API + b"Transfer-Encoding: chunked\r\n\r\n5\r\nkey=1\r\n",
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_senders_hold_up_nobody_and_are_told_when_it_is_over(hasty: Server, kind: str) -> None:
    port, panel = hasty
    with ExitStack() as stack:
        slow = [stack.enter_context(call(port, f"127.0.1.{number + 1}", SLOW[kind])) for number in range(30)]
        assert_others_are_answered(port)
        assert {hear(one).partition(b"\r\n")[0] for one in slow} == {b"HTTP/1.1 408 Request Timeout"}
    assert_others_are_answered(port)
    assert "Traceback" not in panel.said


@pytest.mark.parametrize("said", [b"", GET], ids=["nothing", "one request"])
def test_who_is_idle_is_closed_without_a_word(hasty: Server, said: bytes) -> None:
    port, _ = hasty
    with ExitStack() as stack:
        idle = [stack.enter_context(call(port, f"127.0.2.{number + 1}", said)) for number in range(30)]
        assert_others_are_answered(port)
        answers = [hear(one) for one in idle]
    assert {answer.count(b"HTTP/1.1 ") for answer in answers} == {1 if said else 0}
    assert {answer[-3:] for answer in answers} == {b"ok\n" if said else b""}


def test_of_one_address_with_too_many_the_oldest_are_closed(server: Server) -> None:
    port, _ = server
    with ExitStack() as stack:
        many = [stack.enter_context(call(port, "127.0.3.1")) for _ in range(FROM_ONE_ADDRESS + 5)]
        assert [hear(one) for one in many[:5]] == [b""] * 5
        assert_others_are_answered(port)
        for one in many[5:]:
            one.sendall(GET)
            assert one.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_of_too_many_in_all_the_oldest_idle_are_closed(server: Server) -> None:
    port, _ = server
    with ExitStack() as stack:
        begun = stack.enter_context(call(port, "127.0.4.250", GET[:-2]))
        many = [stack.enter_context(call(port, f"127.0.4.{number + 1}")) for number in range(2 * CONNECTIONS)]
        assert {hear(one) for one in many[:CONNECTIONS]} == {b""}
        assert_others_are_answered(port)
        begun.sendall(b"\r\n")
        assert begun.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_slow_readers_hold_up_nobody_and_are_closed(hasty: Server) -> None:
    port, panel = hasty
    with ExitStack() as stack:
        slow = []
        for number in range(12):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(60)
            sock.bind((f"127.0.5.{number + 1}", 0))
            sock.connect(("127.0.0.1", port))
            sock.sendall(b"GET /static/vendor/bootstrap/bootstrap.min.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 60)
            slow.append(sock)
        assert_others_are_answered(port)
        wait_until(lambda: panel.said.count("127.0.5.12") >= 1, of=panel)
        wait_until(lambda: open_sockets(panel, "127.0.5.") == 0, of=panel)
        assert all(hear(one).startswith(b"HTTP/1.1 200 ") for one in slow)
        assert all(panel.said.count(f"127.0.5.{number + 1} ") < 60 for number in range(12))
    assert "Traceback" not in panel.said


def open_sockets(panel: Running, prefix: str) -> int:
    """How many connections of these addresses the server still has, by the kernel's table of the loopback."""
    start = "".join(f"{int(part):02X}" for part in reversed(prefix.strip(".").split(".")))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].partition(":")[0][2:] == start and row[3] == "01" for row in rows)


LONG = {
    "a length": b"Content-Length: %d\r\n\r\n" % ENDLESS,
    "a chunk": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % ENDLESS,
    "a length, to be asked for": b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % ENDLESS,
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("path", [b"/api/v2", b"/accounts/login/", b"/wallet/top-up/", b"/nothing/here/"])
def test_too_long_a_body_is_refused_before_it_is_read(server: Server, kind: str, path: bytes) -> None:
    port, panel = server
    head = b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + MULTIPART + LONG[kind]
    with call(port, "127.0.6.1", head) as sender:
        answer = hear(sender)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nConnection: close\r\n" in answer
        if path == b"/api/v2":
            assert answer.endswith(b'\r\n\r\n{"error":"This request is too large"}')
        else:
            assert b"The upload is too large" in answer
    assert "Traceback" not in panel.said


def test_who_goes_on_sending_what_was_refused_is_cut_off(server: Server) -> None:
    port, _ = server
    with call(port, "127.0.6.2", API + LONG["a length"]) as sender:
        assert sent_until_cut_off(sender) < 40_000_000


def test_an_upload_is_read_of_who_is_signed_in_up_to_its_own_limit(server: Server, folder: Path, key: str) -> None:
    port, _ = server
    made = manage("shell", "-c", SIGN_IN, env=environment(data_dir=folder / "data"))
    session = made.stdout.split()[-1].encode()
    head = b"POST /wallet/top-up/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + MULTIPART
    signed_in = b"Cookie: session=" + session + b"\r\n"
    for more, length, status in [
        (signed_in, 3_000_000, b"403 "),  # read, and refused as it has no token against forged requests
        (signed_in, 7_000_000, b"413 "),
        (b"Cookie: session=nobody\r\n", 3_000_000, b"413 "),
    ]:
        with call(port, "127.0.6.4", head + more + b"Content-Length: %d\r\n\r\n" % length) as sender:
            if status == b"403 ":
                sender.sendall(bytes(length))
            assert hear(sender).startswith(b"HTTP/1.1 " + status)


def sent_until_cut_off(sender: socket.socket) -> int:
    """How many bytes it can send, as quickly as it can, before the connection is gone."""
    sent = 0
    try:
        while sent < ENDLESS:
            sent += sender.send(bytes(100_000))
    except (ConnectionResetError, BrokenPipeError):
        pass
    return sent


def test_small_chunks_beyond_the_limit_are_refused_when_it_is_reached(server: Server) -> None:
    port, _ = server
    with call(port, "127.0.6.3", API + b"Transfer-Encoding: chunked\r\n\r\n") as sender:
        for _ in range(16):
            sender.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        assert hear(sender).endswith(b'{"error":"This request is too large"}')


def test_where_large_bodies_cannot_be_kept_the_rest_goes_on(folder: Path, key: str) -> None:
    """With a server of its own: the failure stands in its log, where the others look for none."""
    body = b"x=" + b"x" * 1_000_000
    request = API + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def answer(port: int) -> bytes:
        with call(port, "127.0.6.5", request) as sender:
            return hear(sender)

    with serving(folder, PATIENT) as (port, panel):
        assert answer(port).endswith(b'{"error":"Invalid API key"}')
        (folder / "temporary").rename(folder / "away")
        try:
            assert answer(port).startswith(b"HTTP/1.1 503 ")
            assert_others_are_answered(port)
        finally:
            (folder / "away").rename(folder / "temporary")
        assert answer(port).endswith(b'{"error":"Invalid API key"}')
        assert "a connection was given up" in panel.said


def test_chunks_without_a_length_are_read(server: Server, key: str) -> None:
    port, _ = server
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"key=", key.encode(), b"&action=", b"balance"))
    with call(port, "127.0.7.1", API + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body) as program:
        program.sendall(b"0\r\n\r\n")
        assert hear(program).endswith(b'{"balance":"0","currency":"USD"}')


def test_byte_by_byte_and_several_at_once_is_the_same_to_it(server: Server, key: str) -> None:
    port, _ = server
    body = f"key={key}&action=balance".encode()
    request = API + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with call(port, "127.0.7.2") as program:
        program.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            program.sendall(bytes([byte]))
        program.sendall(request + GET + request.replace(b"Host", b"Connection: close\r\nHost"))
        answers = hear(program)
    assert answers.count(b"HTTP/1.1 200 ") == 4
    assert answers.count(b'{"balance":"0","currency":"USD"}') == 3
    assert re.search(rb"(?im)^server:", answers) is None


def test_who_waits_to_be_asked_for_the_body_is_asked(server: Server, key: str) -> None:
    port, _ = server
    body = f"key={key}&action=balance".encode()
    head = API + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    with call(port, "127.0.7.3", head) as program:
        assert program.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        program.sendall(body)
        assert hear(program).endswith(b'{"balance":"0","currency":"USD"}')


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /api/v2?key=very-secret" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", b"414 "),
        (GET[:-2] + b"X-Key: very-secret" + b"x" * 9000 + b"\r\n\r\n", b"431 "),
        (GET[:-2] + b"X-Key: very-secret\r\n" * 150 + b"\r\n", b"431 "),
        (GET[:-2] + b"X-Key: very-secret" + b"x" * 40_000, b"431 "),
        (API + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nkey=very-secret", b"400 "),
        (API + b"Transfer-Encoding: very-secret\r\n\r\n", b"501 "),
        (GET[:-2] + b"Expect: very-secret\r\n\r\n", b"417 "),
        (GET[:-2] + b"very-secret\r\n\r\n", b"400 "),
        (b"very-secret\r\n\r\n", b"400 "),
        (b"GET /?key=very-secret HTTP/1.1\nHost: x\n\n", b"400 "),
        (b"GET /?key=very-secret HTTP/3.0\r\n\r\n", b"505 "),
        (API + b"Transfer-Encoding: chunked\r\n\r\nvery-secret\r\n", b"400 "),
    ],
)
def test_what_is_no_request_is_refused_and_logged_without_it(server: Server, request_: bytes, status: bytes) -> None:
    port, panel = server
    before = panel.said.count("request refused")
    with call(port, "127.0.8.1", request_) as caller:
        answer = hear(caller)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer
    assert b"very-secret" not in answer
    wait_until(lambda: panel.said.count("request refused") == before + 1, of=panel)
    assert "very-secret" not in panel.said
    assert "127.0.8.1" in panel.said
    assert_others_are_answered(port)


def test_a_stop_waits_for_what_was_begun_and_for_nobody_else(folder: Path, key: str) -> None:
    limits = PATIENT | {"REQUEST_BODY_SECONDS": "2", "CONNECTIONS_FROM_ONE_ADDRESS": "100"}
    with serving(folder, limits) as (port, panel), ExitStack() as stack:
        for number in range(10):
            stack.enter_context(call(port, f"127.0.1.{number + 1}"))
            stack.enter_context(call(port, f"127.0.1.{number + 1}", SLOW["a body"]))
        begun = stack.enter_context(call(port, "127.0.7.4", GET[:-2]))
        assert_others_are_answered(port)
        panel.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "Handling signal: term" in panel.said, of=panel)
        begun.sendall(b"\r\n")
        answer = hear(begun)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nConnection: close\r\n" in answer
        assert panel.process.wait(60) == 0
        assert "Traceback" not in panel.said
