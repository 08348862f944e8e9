"""A worker that dies between any two things it does: before a commit, before a provider has the order or answers.

Tests live inside a transaction of their own, so what the code under test commits is the end of its outermost block, or
a statement outside of any. What was committed before a death stays, and nothing is written after it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from unittest import mock

from django.db import connection, transaction

_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class Died(BaseException):
    """The worker is gone: no handler of errors sees it."""


class Deaths:
    """Counts what the worker does, and ends it before the event that was agreed on."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.is_dead = False
        self._base = 0

    @property
    def is_between_transactions(self) -> bool:
        """Whether the code under test has none open."""
        return len(connection.atomic_blocks) == self._base

    @contextmanager
    def expected(self, at: int | None) -> Iterator[None]:
        """Inside, the worker dies before its event number `at`, the first being 0; never, where that is None."""
        self.left, self.is_dead, self._base = at, False, len(connection.atomic_blocks)
        leave = transaction.Atomic.__exit__
        deaths = self

        def dying_exit(
            block: Any, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is None and block.savepoint and len(connection.atomic_blocks) == deaths._base + 1:
                try:
                    deaths.event()
                except Died as death:
                    leave(block, Died, death, None)
                    raise
            leave(block, kind, error, trace)

        with mock.patch.object(transaction.Atomic, "__exit__", dying_exit), connection.execute_wrapper(self._statement):
            try:
                yield
            finally:
                self.left = None

    def event(self) -> None:
        """Something is about to happen that others can see. Raises Died where the worker does not live to do it."""
        if self.left == 0 or self.is_dead:
            self.is_dead = True
            raise Died
        if self.left is not None:
            self.left -= 1

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(_WRITES):
            if self.is_dead:
                raise Died
            if len(connection.atomic_blocks) == self._base:
                self.event()
        return execute(sql, params, many, context)
