"""The provider behind a real port: a thread for each connection, which stays open as clients wish.

Started by the command `run_simulator`, and by the tests in their own process.
"""

import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl

from providers.simulator import actions, amounts
from providers.simulator.catalogue import Service, make_services
from providers.simulator.clock import Clock
from providers.simulator.control import Control
from providers.simulator.engine import Engine
from providers.simulator.faults import Faults
from providers.simulator.playing import play
from providers.simulator.remote import KEY_HEADER, PREFIX, carry_out
from providers.simulator.replies import Reply, encode, say
from providers.simulator.rules import Rules
from providers.simulator.store import FileStore, Store
from providers.simulator.wire import BadRequestError, Connection, Request

PATHS = ("/api/v2", "/api/v2/")
REPEATED: Mapping[str, Callable[[Iterable[int]], int]] = {"duplicate_id": max, "first_id": min}
"""Faults that repeat an order's id: the latest one's, which may never have been reported, or the first one's."""


class SimulatorServer:
    """A provider of its own. `control` is its back office; `start` opens the port, `stop` ends every connection."""

    def __init__(
        self,
        *,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        rules: Rules | None = None,
        services: int | Iterable[Service] = 20,
        balance: Decimal | int | str = 1000,
        shares: Mapping[str, float] | None = None,
        latency: float = 0,
        hang_seconds: float = 60,
        drip_seconds: float = 0.1,
        state: Path | None = None,
        is_manual: bool = False,
        is_controlled: bool = False,
    ) -> None:
        """`services` is their number or the list itself; `balance` counts where `state` holds none yet.

        `is_manual`: time stands still until `control.advance`. `is_controlled`: other processes may use the control.
        """
        opening = amounts.to_millionths(balance)
        if opening is None:
            raise ValueError(f"{balance} is not an amount.")
        self._key = key.encode()
        self._rules = rules or Rules()
        listed = make_services(count=services, seed=self._rules.seed) if isinstance(services, int) else services
        self._store = FileStore(state) if state else Store()
        self._engine = Engine(rules=self._rules, services=listed, balance=opening, store=self._store)
        self._clock = Clock(is_manual=is_manual, offset=self._engine.saved.clock_offset)
        self._faults = Faults(seed=self._rules.seed, shares=shares)
        self.control = Control(engine=self._engine, clock=self._clock, faults=self._faults, latency=latency)
        self._address = (host, port)
        self._hang_seconds, self._drip_seconds = hang_seconds, drip_seconds
        self._is_controlled = is_controlled
        self._stopping = threading.Event()
        self._connections: dict[Connection, threading.Thread] = {}
        self._lock = threading.Lock()
        self._services_body = (-1, b"")

    # --- Starting and stopping ----------------------------------------------------------------------------------------
    def start(self) -> "SimulatorServer":
        """Listen, in threads of its own. Raises OSError where the address is taken."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._listener = socket.create_server(self._address, family=family, backlog=512)
        self._address = self._listener.getsockname()[:2]
        self._acceptor = threading.Thread(target=self._accept, name="simulator", daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection, and let go of the state file. Requests under way are cut off.

        A second call does nothing.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()
        self._acceptor.join()
        with self._lock:
            open_now = list(self._connections.items())
        for connection, _ in open_now:
            connection.interrupt()
        for _, thread in open_now:
            thread.join(timeout=5)
        with self._engine.lock:
            self._engine.save()
            self._store.close()

    @property
    def url(self) -> str:
        """The API's address."""
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/api/v2"

    # --- Connections --------------------------------------------------------------------------------------------------
    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # the port was closed
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(Connection(sock),), name="simulator-client", daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with self._lock:
            self._connections[connection] = threading.current_thread()
        try:
            while not self._stopping.is_set() and self._serve_one(connection):
                pass
        except (OSError, BadRequestError):
            pass  # the client went away, or spoke something else: nothing to answer
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            connection.close()

    def _serve_one(self, connection: Connection) -> bool:
        request = connection.read_request()
        if request is None:
            return False
        reply = self._reply(request)
        if self.control.latency > 0:
            self._stopping.wait(self.control.latency)
        return connection.send(
            reply, keep_alive=request.keeps_alive, hang_seconds=self._hang_seconds, drip_seconds=self._drip_seconds
        )

    # --- Requests -----------------------------------------------------------------------------------------------------
    def _reply(self, request: Request) -> Reply:
        path = request.path.partition("?")[0]
        if self._is_controlled and path.startswith(PREFIX) and request.method == "POST":
            if not self._is_key(request.headers.get(KEY_HEADER, "")):
                return say({"error": "Invalid API key"}, status=403)
            return carry_out(self.control, verb=path.removeprefix(PREFIX), body=request.body)
        if path not in PATHS:
            return say({"error": "Not found"}, status=404)
        if request.method != "POST":
            return say({"error": actions.INCORRECT_REQUEST}, status=405)
        return self._answer(_fields_of(request))

    def _answer(self, fields: dict[str, str]) -> Reply:
        action = fields.get("action", "")
        self.control.note_request(action, len(actions.ids_in(fields)) or 1)
        if not self._is_key(fields.get("key", "")):
            return say({"error": "Invalid API key"})
        fault = self._faults.pick(action=action, tag=fields.get("link", "") if action == "add" else "")
        now = self._clock.now()
        if fault == "late_create":
            with self._engine.at_work(now=now):
                self._engine.add_late(fields=fields, now=now)
        if fault in REPEATED:
            return self._repeat_id(fields, now, REPEATED[fault])
        if action == "services" and not fault:
            return Reply(body=self._services(now))
        return play(
            fault=fault,
            action=action,
            fields=fields,
            act=lambda: actions.answer(self._engine, action=action, fields=fields, now=now),
        )

    def _repeat_id(self, fields: Mapping[str, str], now: float, choose: Callable[[Iterable[int]], int]) -> Reply:
        """The provider takes the order for one it has: nothing is created, and that one's id is answered."""
        with self._engine.at_work(now=now):
            known = [order.id for order in self._engine.orders.values() if not order.parent]
        if not known:
            return say(actions.answer(self._engine, action="add", fields=fields, now=now))
        return say({"order": choose(known)})

    def _services(self, now: float) -> bytes:
        """The price list, encoded once for each version of it."""
        version = self._engine.prices.version
        if self._services_body[0] != version:
            rows = actions.answer(self._engine, action="services", fields={}, now=now)
            self._services_body = (version, encode(rows))
        return self._services_body[1]

    def _is_key(self, key: str) -> bool:
        return hmac.compare_digest(key.encode("utf-8", "replace"), self._key)


def _fields_of(request: Request) -> dict[str, str]:
    """The request's fields, form-encoded or JSON; nothing in the query string counts."""
    text = request.body.decode("utf-8", "replace")
    if "json" not in request.headers.get("content-type", ""):
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
