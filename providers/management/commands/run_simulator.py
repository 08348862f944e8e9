"""`manage.py run_simulator`: run the bundled provider simulator, for the demo, benchmarks and chaos runs."""

import os
import signal
import threading
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from providers.simulator.faults import UnknownFaultError
from providers.simulator.rules import Rules
from providers.simulator.server import SimulatorServer

IN_MEMORY = "memory"


class Command(BaseCommand):
    help = "Run the bundled provider simulator behind a port. Stops on SIGTERM and SIGINT."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind", type=_address, default="127.0.0.1:8090", metavar="HOST:PORT", help="port 0 picks a free port"
        )
        parser.add_argument("--key", help="the API key to require; prefer SIMULATOR_KEY in the environment")
        parser.add_argument("--services", type=_whole, default=300, metavar="N")
        parser.add_argument(
            "--seed", type=_whole, default=1, metavar="N", help="seed of services, order results and faults"
        )
        parser.add_argument(
            "--balance", type=_amount, default="1000", metavar="AMOUNT", help="balance at the first start"
        )
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--order-seconds", type=_seconds, default=120, metavar="S", help="duration of an order")
        parser.add_argument("--cancel-seconds", type=_seconds, default=5, metavar="S")
        parser.add_argument(
            "--late-seconds", type=_seconds, default=60, metavar="S", help="delay of the fault late_create"
        )
        parser.add_argument(
            "--index-seconds", type=_seconds, default=0, metavar="S", help="time until a new order can be found"
        )
        parser.add_argument(
            "--hang-seconds", type=_seconds, default=120, metavar="S", help="duration of a hanging connection"
        )
        parser.add_argument("--partial-share", type=_share, default=0.1, metavar="P")
        parser.add_argument("--canceled-share", type=_share, default=0.03, metavar="P")
        parser.add_argument(
            "--foreign-orders", type=_whole, default=0, metavar="N", help="most foreign order ids between two of ours"
        )
        parser.add_argument("--one-order-per-link", action="store_true")
        parser.add_argument("--latency", type=_seconds, default=0, metavar="S", help="delay of every answer")
        parser.add_argument("--fault", type=_fault, action="append", default=[], metavar="NAME=P", help="repeatable")
        parser.add_argument(
            "--state", metavar="FILE", help=f"state file, by default in DATA_DIR; “{IN_MEMORY}” keeps nothing"
        )
        parser.add_argument("--control", action="store_true", help="allow control with the key under /_control/")

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["key"] or os.environ.get("SIMULATOR_KEY", "")
        if not key:
            raise CommandError(_("Set the API key with SIMULATOR_KEY or --key."), returncode=2)
        try:
            server = _make_server(key, options)
            server.start()
        except (UnknownFaultError, OSError) as problem:
            raise CommandError(str(problem), returncode=2) from None
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.stdout.write(f"Simulator listens at {server.url}")
        self.stdout.flush()
        try:
            stopping.wait()
        finally:
            server.stop()


def _make_server(key: str, options: dict[str, Any]) -> SimulatorServer:
    host, port = options["bind"]
    state = options["state"] or settings.DATA_DIR / "simulator.sqlite3"
    names = (
        "seed currency order_seconds cancel_seconds late_seconds index_seconds partial_share canceled_share "
        "foreign_orders one_order_per_link"
    )
    return SimulatorServer(
        key=key,
        host=host,
        port=port,
        rules=Rules(first_order=23_501, **{name: options[name] for name in names.split()}),
        services=options["services"],
        balance=options["balance"],
        shares=dict(options["fault"]),
        latency=options["latency"],
        hang_seconds=options["hang_seconds"],
        state=None if state == IN_MEMORY else Path(state),
        is_controlled=options["control"],
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ArgumentTypeError(f"“{text}” is not HOST:PORT.")
    return host.strip("[]"), int(port)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"“{text}” is not an amount.") from None
    if not amount.is_finite() or amount != round(amount, 6):
        raise ArgumentTypeError(f"“{text}” is not an amount with at most six decimals.")
    return amount


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ArgumentTypeError(f"“{text}” is not a whole number.")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 10**9:
        raise ArgumentTypeError(f"“{text}” is not a number of seconds.")
    return seconds


def _share(text: str) -> float:
    share = _seconds(text)
    if share > 1:
        raise ArgumentTypeError(f"“{text}” is not a share between 0 and 1.")
    return share


def _fault(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    return name, _share(share)
