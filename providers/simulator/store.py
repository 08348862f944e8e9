"""Where the provider's state outlives a restart: one SQLite file, or nothing at all where it lives in memory only."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from providers.simulator.orders import Order, Refill

_TABLES = """
CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refills (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
"""


@dataclass(slots=True)
class Saved:
    """What is kept beside orders and refills. Amounts in millionths; `gross` was ever taken, `returned` came back."""

    balance: int
    next_order: int = 1
    next_refill: int = 1
    gross: int = 0
    returned: int = 0
    clock_offset: float = 0
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was changed in the price list by hand; None as `removed` or the fields that were set."""
    _written: str = field(default="", repr=False)

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from what was last written."""
        return self.as_text() != self._written

    def as_text(self) -> str:
        """All of it, as it is written."""
        return json.dumps({name: getattr(self, name) for name in _FIELDS})

    def written(self) -> None:
        """Remember that the present content is what the store holds."""
        self._written = self.as_text()


_FIELDS = ("balance", "next_order", "next_refill", "gross", "returned", "clock_offset", "services")


class Store:
    """Keeps nothing: the provider that lives in memory."""

    def load(self) -> tuple[Saved, Sequence[Order], Sequence[Refill]] | None:
        """What was saved last, or None where nothing ever was."""
        return None

    def save(self, *, saved: Saved, orders: Iterable[Order], refills: Iterable[Refill]) -> None:
        """Keep what changed, all or nothing."""
        saved.written()

    def close(self) -> None:
        """Let go of the file."""


class FileStore(Store):
    """Keeps everything in one SQLite file. Its caller lets one thread at a time in."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file, which only its owner may read."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_TABLES)

    def load(self) -> tuple[Saved, Sequence[Order], Sequence[Refill]] | None:
        row = self._database.execute("SELECT state FROM account").fetchone()
        if row is None:
            return None
        saved = Saved(**json.loads(row[0]))
        saved.written()
        orders = [
            Order(**json.loads(text)) for (text,) in self._database.execute("SELECT state FROM orders ORDER BY id")
        ]
        refills = [
            Refill(**json.loads(text)) for (text,) in self._database.execute("SELECT state FROM refills ORDER BY id")
        ]
        return saved, orders, refills

    def save(self, *, saved: Saved, orders: Iterable[Order], refills: Iterable[Refill]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.execute("INSERT OR REPLACE INTO account VALUES (1, ?)", (saved.as_text(),))
            self._database.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?)", map(_row, orders))
            self._database.executemany("INSERT OR REPLACE INTO refills VALUES (?, ?)", map(_row, refills))
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        saved.written()

    def close(self) -> None:
        self._database.close()


def _row(item: Order | Refill) -> tuple[int, str]:
    return item.id, json.dumps(asdict(item))
