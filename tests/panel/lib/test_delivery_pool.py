"""Turns are served side by side, each one's jobs one after the other, claimed and recorded by the caller's thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import OperationalError

from panel.lib.delivery_pool import Job, serve


@dataclass
class Scripted:
    """A turn that takes these jobs."""

    jobs: list[Callable[[], Any]]
    recorded: list[Any] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def take(self) -> Job | None:
        self.threads.add(threading.get_ident())
        return self.jobs.pop(0) if self.jobs else None

    def record(self, outcome: Any) -> None:
        self.threads.add(threading.get_ident())
        self.recorded.append(outcome)


def run(*turns: Scripted, at_once: int, seconds: float = 60) -> int:
    """How many turns were begun."""
    waiting = list(turns)
    serve(next_turn=lambda: waiting.pop(0) if waiting else None, at_once=at_once, seconds=seconds)
    return len(turns) - len(waiting)


def test_a_slow_turn_holds_up_no_other() -> None:
    others = threading.Semaphore(0)

    def slow() -> str:
        assert all(others.acquire(timeout=20) for _ in range(6))
        return "slow"

    def quick() -> str:
        others.release()
        return "quick"

    turns = [Scripted([slow]), Scripted([quick] * 3), Scripted([quick] * 3)]
    assert run(*turns, at_once=2) == 3
    assert [turn.recorded for turn in turns] == [["slow"], ["quick"] * 3, ["quick"] * 3]
    assert {thread for turn in turns for thread in turn.threads} == {threading.get_ident()}


def test_a_turn_without_a_job_is_over() -> None:
    empty, full = Scripted([]), Scripted([lambda: 1])
    assert run(empty, full, at_once=1) == 2
    assert (empty.recorded, full.recorded) == ([], [1])


def test_no_turn_begins_after_the_time() -> None:
    turn = Scripted([lambda: 1])
    assert run(turn, at_once=1, seconds=0) == 0
    assert turn.recorded == []


def test_what_a_job_raises_is_raised() -> None:
    def fail() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        run(Scripted([fail]), at_once=1)


def test_an_outcome_that_the_database_does_not_take_ends_its_turn_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Unlucky(Scripted):
        def record(self, outcome: Any) -> None:
            raise OperationalError("canceled by lock_timeout")

    unlucky, other = Unlucky([lambda: 1, lambda: 2]), Scripted([lambda: 3, lambda: 4])
    assert run(unlucky, other, at_once=2) == 2
    assert (len(unlucky.jobs), other.recorded) == (1, [3, 4])
    assert [line.message for line in caplog.records] == ["turn not recorded"]
