"""The web server under many times the load that it can carry: everybody is answered, and it is well again at once."""

import socket
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from panel.overload import BUSY, WAITING_A_THREAD
from tests.process.processes import ask, environment, migrate, running, wait_until
from tests.throwaway import free_port

pytestmark = pytest.mark.process

CALLERS = 400
REQUEST = b"GET /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def test_ten_times_the_load_is_answered_and_passes(data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    env = environment(data_dir=data_dir, EXPECT_JOBS="0", CONNECTIONS_FROM_ONE_ADDRESS="1000")
    migrate(env=env)
    command = ["python", "manage.py", "run_panel", "--bind", f"127.0.0.1:{port}"]
    with running(command, env=env, log=tmp_path / "panel.log") as panel:
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, of=panel)
        answers = call_at_once(port, CALLERS)
        served = sum(answer.startswith(b"HTTP/1.1 200") for answer in answers)
        refused = sum(answer.startswith(b"HTTP/1.1 503") for answer in answers)
        assert served + refused == CALLERS, {answer[:80] for answer in answers}
        assert served >= 8 * WAITING_A_THREAD
        assert refused > 0  # how many depends on how quick the machine is
        busy = next(answer for answer in answers if b" 503 " in answer[:20])
        assert b"Retry-After: 2\r\n" in busy
        assert busy == BUSY
        wait_until(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, of=panel)
        assert call_at_once(port, 1)[0].startswith(b"HTTP/1.1 200")
        assert "Traceback" not in panel.said


def call_at_once(port: int, callers: int) -> list[bytes]:
    """What so many callers are answered who all ask before one of them listens, and stay until the last has heard."""
    with ExitStack() as stack:
        calls = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(callers)]
        for one in calls:
            one.sendall(REQUEST)
        return [b"".join(iter(partial(one.recv, 65536), b"")) for one in calls]
