"""Which providers a reading job may ask: those that do not answer less and less, and never many of them at a time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connections
from django.utils import timezone

from panel.ops.models import JobRun
from providers.availability import backoff
from providers.availability.backoff import (
    MAX_LEASE,
    SLOW_LANE,
    ProviderRun,
    backoff_after,
    providers_due,
    reset_backoff,
    run_for_provider,
)
from providers.models import Backoff, Provider
from providers.tasks import LEASE_SECONDS

pytestmark = pytest.mark.django_db
JOB, OTHER = "read_balances", "poll_provider"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def providers(clock: Any) -> list[Provider]:
    return [Provider.objects.create(name=name, url=f"https://{name}.example") for name in "ABCD"]


def ask(provider: Provider, answered: bool | None, *, job: str = JOB) -> bool:
    """Whether the provider was asked."""
    asked: list[Provider] = []

    def call(provider: Provider) -> ProviderRun:
        asked.append(provider)
        return ProviderRun({"answered": answered}, answered)

    run_for_provider(job=job, provider_id=provider.pk, seconds=150, ask=call)
    return bool(asked)


def whose_turn(*, job: str = JOB) -> str:
    every = Provider.objects.order_by("pk")
    return "".join(provider.name for provider in providers_due(job=job, providers=every, now=timezone.now()))


def test_one_that_does_not_answer_is_asked_after_a_growing_pause_until_it_does(
    providers: list[Provider], clock: Any
) -> None:
    (first, *_), pauses = providers, []
    for _ in range(6):
        assert ask(first, answered=False)
        waited = 0
        while not ask(first, answered=None):
            assert whose_turn() == "BCD"
            clock.shift(60)
            waited += 1
        assert whose_turn() == "BCDA"
        pauses.append(waited)
    assert pauses == [1, 2, 4, 8, 15, 15]
    assert JobRun.objects.get().name == f"{JOB}:{first.pk}"
    assert ask(first, answered=True)
    assert whose_turn() == "ABCD"
    assert ask(first, answered=False)
    clock.shift(60)
    assert ask(first, answered=True)


def test_the_pause_has_a_longest_whatever_the_failures(providers: list[Provider]) -> None:
    assert backoff_after(1) == timedelta(minutes=1)
    assert backoff_after(10**9) == timedelta(minutes=15)
    Backoff.objects.create(provider=providers[0], job=JOB, failures=backoff.MAX_FAILURES)
    assert ask(providers[0], answered=False)
    assert Backoff.objects.get().failures == backoff.MAX_FAILURES


def test_a_person_who_was_answered_ends_the_pause(providers: list[Provider]) -> None:
    assert ask(providers[0], answered=False)
    assert whose_turn() == "BCD"
    reset_backoff(job=JOB, provider_id=providers[0].pk)
    assert whose_turn() == "ABCD"
    reset_backoff(job=JOB, provider_id=providers[1].pk)  # one that never failed
    assert Backoff.objects.count() == 1


def test_slow_ones_come_last_the_longest_waiting_first(providers: list[Provider], clock: Any) -> None:
    for number in (2, 0, 1):
        assert ask(providers[number], answered=False)
        clock.shift(1)
    clock.shift(60)
    assert whose_turn() == "DCAB"


def test_few_slow_ones_are_asked_at_a_time_and_quick_ones_beside_them(providers: list[Provider], clock: Any) -> None:
    for provider in providers[:3]:
        assert ask(provider, answered=False)
    clock.shift(60)
    seen: list[bool] = []

    def nested(depth: int) -> Callable[[Provider], ProviderRun]:
        def call(provider: Provider) -> ProviderRun:
            if depth < SLOW_LANE:
                run_for_provider(job=JOB, provider_id=providers[depth].pk, seconds=150, ask=nested(depth + 1))
            else:
                seen.extend([ask(providers[depth], answered=True), ask(providers[3], answered=True)])
            return ProviderRun({}, answered=False)

        return call

    run_for_provider(job=JOB, provider_id=providers[0].pk, seconds=150, ask=nested(1))
    assert SLOW_LANE == 2
    assert seen == [False, True]
    assert ask(providers[2], answered=True)  # the lane is free again


def test_one_that_answers_slowly_has_a_lane_beside_those_that_do_not_answer(
    providers: list[Provider], clock: Any
) -> None:
    now = timezone.now()
    silent = {"is_slow": True, "failures": 1, "ended_at": now, "slow_lane_until": now + timedelta(seconds=150)}
    for provider in providers[:2]:
        Backoff.objects.create(provider=provider, job=OTHER, **silent)
    for provider, failures in ((providers[2], 0), (providers[3], 1)):
        Backoff.objects.create(provider=provider, job=JOB, is_slow=True, failures=failures, ended_at=now)
    assert not ask(providers[3], answered=True)
    assert ask(providers[2], answered=True)


def test_a_worker_that_died_frees_its_lane_and_a_clock_that_was_ahead_does_not_close_it(
    providers: list[Provider], clock: Any
) -> None:
    now = timezone.now()
    for provider, until in zip(providers, (150, 10**6, 1, 1), strict=True):
        Backoff.objects.create(
            provider=provider,
            job=OTHER,
            is_slow=True,
            failures=1,
            ended_at=now,
            slow_lane_until=now + timedelta(seconds=until),
        )
    assert not ask(providers[1], answered=True)
    clock.shift(2)
    assert ask(providers[1], answered=True)


def test_a_pause_that_was_set_while_the_clock_was_ahead_counts_as_none(providers: list[Provider], clock: Any) -> None:
    clock.shift(timedelta(days=30))
    assert ask(providers[0], answered=False)
    clock.shift(timedelta(days=-30))
    assert whose_turn() == "BCDA"
    assert ask(providers[0], answered=True)
    assert whose_turn() == "ABCD"


def test_what_one_job_met_makes_the_provider_slow_for_the_others_until_they_are_answered(
    providers: list[Provider], clock: Any
) -> None:
    first = providers[0]
    assert ask(first, answered=True)
    clock.shift(1)
    assert ask(first, answered=False, job=OTHER)
    assert whose_turn() == "BCDA"  # not in a pause, and behind the quick ones
    clock.shift(1)
    assert ask(first, answered=True)
    assert whose_turn() == "ABCD"
    assert whose_turn(job=OTHER) == "BCD"


def test_one_that_answers_slowly_is_in_the_slow_lane_and_in_no_pause(
    providers: list[Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds, rounds, order in [(15.0, 1, "ABCD"), (15.1, 1, "BCDA"), (30.0, 2, "ABCD")]:
        moments = iter([0.0, seconds])
        monkeypatch.setattr(backoff.time, "monotonic", lambda moments=moments: next(moments))
        call = lambda provider, rounds=rounds: ProviderRun({}, answered=True, rounds=rounds)  # noqa: E731
        run_for_provider(job=JOB, provider_id=providers[0].pk, seconds=150, ask=call)
        assert whose_turn() == order
        assert Backoff.objects.get().next_at is None


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded, ZeroDivisionError])
def test_our_own_faults_are_not_blamed_on_the_provider(providers: list[Provider], error: type[Exception]) -> None:
    def crash(provider: Provider) -> ProviderRun:
        raise error

    with pytest.raises(error):
        run_for_provider(job=JOB, provider_id=providers[0].pk, seconds=150, ask=crash)
    assert whose_turn() == "ABCD"
    run = JobRun.objects.get()
    assert (run.ok, run.summary) == (False, {"error": error.__name__})


def test_one_that_is_being_asked_is_not_asked_beside(providers: list[Provider]) -> None:
    JobRun.objects.create(name=f"{JOB}:{providers[0].pk}", lease_until=timezone.now() + timedelta(seconds=100))
    assert not ask(providers[0], answered=True)
    assert Backoff.objects.count() == 0


def slow_everywhere(providers: list[Provider]) -> None:
    before = timezone.now() - timedelta(hours=1)
    for provider in providers:
        for job in (JOB, OTHER):
            Backoff.objects.create(
                provider=provider, job=job, failures=1, is_slow=True, ended_at=before, next_at=before
            )


def test_a_lane_is_taken_whichever_job_is_in_it_and_however_long_its_lease(providers: list[Provider]) -> None:
    slow_everywhere(providers)
    asked: list[bool] = []

    def sync(provider: Provider) -> ProviderRun:
        if provider == providers[0]:
            run_for_provider(job=JOB, provider_id=providers[1].pk, seconds=660, ask=sync)
        else:
            asked.append(ask(providers[2], answered=True, job=OTHER))
        return ProviderRun({}, answered=False)

    run_for_provider(job=JOB, provider_id=providers[0].pk, seconds=660, ask=sync)
    assert asked == [False]
    assert MAX_LEASE.total_seconds() > LEASE_SECONDS == 660


@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_at_once_no_more_get_a_lane_than_there_are() -> None:
    providers = [Provider.objects.create(name=name, url=f"https://{name}.example") for name in "ABCD"]
    slow_everywhere(providers)
    begin, end, asked = threading.Barrier(4), threading.Event(), list[str]()

    def call(provider: Provider) -> ProviderRun:
        asked.append(provider.name)
        end.wait(timeout=20)
        return ProviderRun({}, answered=False)

    def come(provider: Provider) -> None:
        begin.wait(timeout=20)
        run_for_provider(job=OTHER, provider_id=provider.pk, seconds=150, ask=call)
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(come, provider) for provider in providers]
        while sum(job.done() for job in jobs) < 4 - SLOW_LANE and len(asked) <= SLOW_LANE:
            assert not [job.result() for job in jobs if job.done() and job.exception()]
        end.set()
    assert len(asked) == SLOW_LANE
