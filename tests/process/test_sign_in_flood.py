"""A flood of sign-ins and sign-ups at the running server: which of them reach Django, and who signs in meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from panel.customers.sign_in.hashing import FOR_ANYBODY, PLACES
from tests.attack.running import CUSTOMER, PASSWORD, Browser
from tests.process.processes import Running, ask, environment, manage, migrate, running, wait_until
from tests.process.test_slow_callers import call, hear
from tests.throwaway import free_port

pytestmark = pytest.mark.process
PEOPLE = f"""
from panel.customers.models import User
User.objects.create_user("{CUSTOMER}", "{PASSWORD}")
"""
COUNT = """
from panel.customers.models import User
print(User.objects.count())
"""
FLOOD = 40


@dataclass(frozen=True, slots=True)
class Held:
    """A server whose Django keeps sign-ins waiting."""

    port: int
    folder: Path
    env: dict[str, str]
    process: Running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def reached(self) -> int:
        """How many sign-ins and sign-ups Django has seen."""
        return len(list(self.folder.glob("*.reached")))

    def wait_for(self, reached: int) -> None:
        wait_until(lambda: self.reached >= reached, of=self.process)

    def people(self) -> str:
        return manage("shell", "--verbosity", "0", "-c", COUNT, env=self.env).stdout.strip()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    port, folder = free_port(), tmp_path / "reached"
    folder.mkdir()
    env = environment(data_dir=tmp_path / "data", EXPECT_JOBS="0")
    migrate(env=env)
    assert manage("shell", "-c", PEOPLE, env=env).returncode == 0
    program = f"from tests.process.held_sign_ins import serve; serve('127.0.0.1:{port}', '{folder}')"
    command = ["python", "manage.py", "shell", "--verbosity", "0", "-c", program]
    with running(command, env=env, log=tmp_path / "panel.log") as process:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz/web")[0] == 200, of=process)
        yield Held(port, folder, env, process)


def form(number: int, *, cookies: str = "") -> bytes:
    """A sign-in or a sign-up, as a flood sends it; some write the address otherwise."""
    path = ("/accounts/login/", "/accounts/signup/", "/accounts/%6cogin/")[number % 3]
    body = f"login=nobody{number}@example.com&email=flood{number}@example.com&password=wrong&password1={PASSWORD}"
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def send(held: Held, number: int, *, cookies: str = "") -> bytes:
    """The whole answer to one form of the flood, from an address of its own."""
    with call(held.port, f"127.0.5.{number + 1}", form(number, cookies=cookies)) as sock:
        return hear(sock)


def status(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0]


def test_a_flood_reaches_django_twice_and_who_was_here_before_signs_in(held: Held) -> None:
    go, customer = held.folder / "go", Browser(held.url)
    go.touch()
    assert customer.sign_in(CUSTOMER).status_code == 302
    device = customer.session.cookies["device"]
    customer.session.cookies.pop("session")
    assert not customer.is_in
    go.unlink()
    assert held.reached == 1

    with ExitStack() as stack:
        first = [
            stack.enter_context(call(held.port, f"127.0.5.{n + 1}", form(n, cookies="device=made:up")))
            for n in range(FOR_ANYBODY)
        ]
        held.wait_for(1 + FOR_ANYBODY)
        flood = [send(held, number, cookies=f"device={device[:-2]}xx") for number in range(FOR_ANYBODY, FLOOD)]
        assert {status(answer) for answer in flood} == {b"HTTP/1.1 503 Service Unavailable"}
        assert all(b"\r\nRetry-After: 5\r\n" in answer and b"The site is busy" in answer for answer in flood)
        assert held.reached == 1 + FOR_ANYBODY

        with ThreadPoolExecutor(1) as pool:
            signed_in = pool.submit(customer.sign_in, CUSTOMER)
            held.wait_for(1 + PLACES)
            second = send(held, FLOOD, cookies=f"device={device}")
            assert status(second) == b"HTTP/1.1 503 Service Unavailable"
            assert ask(f"{held.url}/accounts/login/")[0] == 200
            assert held.reached == 1 + PLACES
            go.touch()
            assert signed_in.result().status_code == 302
        assert customer.is_in
        assert {status(hear(one)) for one in first} == {b"HTTP/1.1 403 Forbidden"}  # they had no token of the form

    assert [status(send(held, number)) for number in range(5)] == [b"HTTP/1.1 403 Forbidden"] * 5
    assert held.reached == 1 + PLACES + 5
    assert held.people() == "1"
    assert "Traceback" not in held.process.said
    assert held.process.said.count("too many sign-ins at once") == FLOOD - FOR_ANYBODY + 1
