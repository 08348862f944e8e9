"""The order jobs as Celery runs them: ids in, one call. Each looks for due rows, so a lost message costs a moment.

None is retried by Celery and none is acknowledged late: what was not done is still due at the next tick.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from orders.accounting import ledger_check, reconcile
from orders.aftercare import cancel_closing, cancel_jobs, refill_jobs
from orders.models import OrderEvent
from orders.operations import alert_check, future_times, metrics
from orders.reports import roll_up
from orders.submission import submit, sweep
from orders.submission.due import is_for_the_sweep
from orders.tracking import delivery_times, poll
from orders.unconfirmed import probe, unmatched_search
from orders.webhooks import deliver
from panel.celery_settings import TIME_LIMIT_SECONDS
from panel.ops.jobs.leases import run_leased
from panel.ops.jobs.settled_ids import settle_ids
from panel.wallet.checkpoints import keep_checkpoints
from providers.availability.backoff import ProviderRun, providers_due, run_for_provider
from providers.models import Provider

SUBMITS_IN_FLIGHT = 16
"""Orders that a sweep has in flight at the same time, over all providers."""
SWEEP_FOR = 50
"""Seconds in which a sweep begins to send orders: the last one's deadline ends before the task is stopped."""
LEASE = TIME_LIMIT_SECONDS
SHORTEST_WAIT = 60
"""Seconds that a task for one provider waits for a worker; where its job runs less often, until that is next due."""
CHECK_SOFT_SECONDS, CHECK_LEASE = 25 * 60, 30 * 60
"""The ledger check begins nothing after fifteen minutes, and reads wallets and reports before that."""


@shared_task
def submit_order(order_id: int) -> None:
    """The wake-up after an order was placed."""
    if not is_for_the_sweep(order_id=order_id, now=timezone.now()):
        submit.submit_order(order_id=order_id)


@shared_task
def sweep_orders() -> None:
    """Notice dead workers, end what waited too long, send what is due."""

    def job() -> dict[str, Any]:
        return asdict(sweep.sweep_orders(now=timezone.now(), in_flight=SUBMITS_IN_FLIGHT, seconds=SWEEP_FOR))

    run_leased(name="sweep_orders", seconds=LEASE, job=job)


@shared_task
def poll_orders() -> None:
    """Have every provider with due orders polled, each by a task of its own, so that a slow one holds up no other."""

    def job() -> dict[str, Any]:
        due = poll.providers_due(now=timezone.now())
        return {"providers": _hand_out(poll_provider, "poll_provider", due, settings.POLL_SECONDS)}

    run_leased(name="poll_orders", seconds=LEASE, job=job)


@shared_task
def poll_provider(provider_id: int) -> None:
    """Follow the due orders of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = poll.poll_provider(provider=provider)
        answered = done.requests > done.failed_requests if done.requests else None
        return ProviderRun(asdict(done), answered, rounds=1 + done.requests // settings.POLL_IN_FLIGHT)

    _ask("poll_provider", provider_id, ask)


@shared_task
def poll_refills() -> None:
    """Have the refills of every provider with due ones passed on and followed, each by a task of its own."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        given_up = refill_jobs.give_up_refills(now=now)
        due = refill_jobs.providers_due(now=now)
        providers = _hand_out(poll_provider_refills, "poll_provider_refills", due, settings.REFILL_SECONDS)
        return {"providers": providers, "given_up": given_up}

    run_leased(name="poll_refills", seconds=LEASE, job=job)


@shared_task
def poll_provider_refills(provider_id: int) -> None:
    """Pass on and follow the due refills of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = refill_jobs.poll_provider_refills(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.requested + done.read, done.failed_requests)

    _ask("poll_provider_refills", provider_id, ask)


@shared_task
def poll_cancels() -> None:
    """Close the cancels whose orders ended, and have those due passed on, each provider's by a task of its own."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        closed = cancel_closing.close_cancels(now=now)
        due = cancel_jobs.providers_due(now=now)
        providers = _hand_out(poll_provider_cancels, "poll_provider_cancels", due, settings.CANCEL_SECONDS)
        return {"providers": providers, "closed": closed}

    run_leased(name="poll_cancels", seconds=LEASE, job=job)


@shared_task
def poll_provider_cancels(provider_id: int) -> None:
    """Pass on the due cancels of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = cancel_jobs.send_cancels(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.requested, done.failed_requests)

    _ask("poll_provider_cancels", provider_id, ask)


@shared_task
def probe_doubts() -> None:
    """Have the providers asked about orders whose fate is unknown, each by a task of its own."""

    def job() -> dict[str, Any]:
        due = probe.providers_due(now=timezone.now())
        _hand_out(probe_provider, "probe_doubts", due, settings.PROBE_SECONDS)
        return asdict(probe.ProbeRunResult())

    run_leased(name="probe_doubts", seconds=LEASE, job=job)


@shared_task
def probe_provider(provider_id: int) -> None:
    """Look at one provider for orders whose fate is unknown."""

    def ask(provider: Provider) -> ProviderRun:
        done, run = probe.probe_provider(provider=provider, now=timezone.now())
        return ProviderRun(asdict(done), False if run.unreached else run.calls > 0 or None, rounds=run.calls)

    _ask("probe_doubts", provider_id, ask)


@shared_task
def search_unmatched_orders() -> None:
    """Have the providers searched for orders that match none of ours, each by a task of its own."""

    def job() -> dict[str, Any]:
        due = unmatched_search.providers_due()
        _hand_out(find_unmatched_orders, "search_unmatched_orders", due, settings.UNMATCHED_SECONDS)
        return asdict(unmatched_search.UnmatchedSearchResult())

    run_leased(name="search_unmatched_orders", seconds=LEASE, job=job)


@shared_task(name="orders.tasks.look_for_strays")
def _search_unmatched_orders_by_former_name() -> None:
    """Run `search_unmatched_orders` for a message that an earlier version queued."""
    search_unmatched_orders()


@shared_task
def find_unmatched_orders(provider_id: int) -> None:
    """Search one provider for orders that match none of ours."""

    def ask(provider: Provider) -> ProviderRun:
        done = unmatched_search.search_provider(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.asked, done.unanswered)

    _ask("search_unmatched_orders", provider_id, ask)


@shared_task
def deliver_webhooks() -> None:
    """Tell customers' programs what has changed, those that answer quickly."""
    run_leased(name="deliver_webhooks", seconds=LEASE, job=lambda: asdict(deliver.deliver_quick()))


@shared_task
def deliver_slow_webhooks() -> None:
    """Tell the others: new, slow and failing ones."""
    run_leased(name="deliver_slow_webhooks", seconds=LEASE, job=lambda: asdict(deliver.deliver_slow()))


@shared_task
def forget_deliveries() -> None:
    """Drop the log of messages that were over long ago."""
    run_leased(name="forget_deliveries", seconds=LEASE, job=lambda: {"deleted": deliver.forget_old(now=timezone.now())})


@shared_task
def read_balances() -> None:
    """Have the providers' balances read and set against the books, each by a task of its own."""

    def job() -> dict[str, Any]:
        _hand_out(read_provider_balance, reconcile.JOB, reconcile.providers_due(), settings.BALANCE_SECONDS)
        return asdict(reconcile.ReadResult())

    run_leased(name="read_balances", seconds=LEASE, job=job)


@shared_task
def read_provider_balance(provider_id: int) -> None:
    """Read the balance at one provider and set it against the books."""

    def ask(provider: Provider) -> ProviderRun:
        done, answered = reconcile.read_provider(provider=provider)
        return ProviderRun(asdict(done), answered)

    _ask(reconcile.JOB, provider_id, ask)


@shared_task(soft_time_limit=CHECK_SOFT_SECONDS, time_limit=CHECK_LEASE)
def check_books() -> None:
    """Check the ledger, as much of it as fits into a run; an alert where anything differs."""

    def job() -> dict[str, Any]:
        checked = ledger_check.check_ledger()
        left = {"orders_left": checked.orders_left} if checked.orders_left else {}
        return {"differences": len(checked.differences), **left}

    run_leased(name="check_books", seconds=CHECK_LEASE, job=job)


@shared_task
def check_alerts() -> None:
    """Open and close alerts as what they stand for is now."""
    run_leased(name="check_alerts", seconds=LEASE, job=lambda: {"checked": alert_check.check_alerts()})


@shared_task
def count_orders() -> None:
    """Count the orders that are sent or over, for the page of metrics."""
    run_leased(name="count_orders", seconds=LEASE, job=metrics.count_orders)


@shared_task
def reset_future_times() -> None:
    """Have what waits for a time that a clock which was ahead has set go on."""

    def job() -> dict[str, Any]:
        return {"changed": future_times.reset_future_times(now=timezone.now())}

    run_leased(name="reset_future_times", seconds=LEASE, job=job)


@shared_task
def measure_times() -> None:
    """Keep how long orders of each service take."""
    run_leased(
        name="measure_times", seconds=LEASE, job=lambda: {"changed": delivery_times.measure_times(now=timezone.now())}
    )


@shared_task
def take_checkpoints() -> None:
    """Take checkpoints of what the accounts hold, so that no balance is summed from the first transfer on."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        settle_ids(model=OrderEvent, now=now)
        return {"left": keep_checkpoints(now=now)}

    run_leased(name="take_checkpoints", seconds=LEASE, job=job)


@shared_task(soft_time_limit=CHECK_SOFT_SECONDS, time_limit=CHECK_LEASE)
def roll_up_reports() -> None:
    """Add the ledger up by day, for the reports. A day of a million orders takes a minute or more when it is closed."""
    run_leased(name="roll_up_reports", seconds=CHECK_LEASE, job=lambda: asdict(roll_up.roll_up()))


def _hand_out(task: Any, job: str, providers: Sequence[Provider], seconds: int) -> int:
    """A task for each provider whose turn it is; one that is not begun when the next tick is due is dropped."""
    for provider in providers_due(job=job, providers=providers, now=timezone.now()):
        task.apply_async((provider.pk,), retry=False, expires=max(seconds, SHORTEST_WAIT))
    return len(providers)


def _ask(job: str, provider_id: int, ask: Callable[[Provider], ProviderRun]) -> None:
    run_for_provider(job=job, provider_id=provider_id, seconds=LEASE, ask=ask)


def _asked_in_batches(summary: dict[str, Any], answers: int, failures: int) -> ProviderRun:
    """A run of calls one after the other, up to a hundred rows a call."""
    answered = True if answers else False if failures else None
    return ProviderRun(summary, answered, rounds=1 + answers // 100)
