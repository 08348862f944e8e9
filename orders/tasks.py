"""The order jobs as Celery tasks. Each searches for due rows, so a lost message causes only a short delay.

Celery retries none of them and acknowledges none late: work that was not done is still due at the next run.
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
"""Orders that a sweep has in flight at the same time, at all providers together."""
SWEEP_FOR = 50
"""Seconds during which a sweep starts to send orders. The last one's deadline ends before the task is stopped."""
LEASE = TIME_LIMIT_SECONDS
SHORTEST_WAIT = 60
"""Seconds that a task for one provider waits for a worker. Jobs that run less often wait until their next run."""
CHECK_SOFT_SECONDS, CHECK_LEASE = 25 * 60, 30 * 60
"""The ledger check starts no further orders after fifteen minutes. It checks wallets and reports before the orders."""


@shared_task
def submit_order(order_id: int) -> None:
    """The wake-up after an order was placed."""
    if not is_for_the_sweep(order_id=order_id, now=timezone.now()):
        submit.submit_order(order_id=order_id)


@shared_task
def sweep_orders() -> None:
    """Detect dead workers, end orders that waited too long, send those that are due."""

    def job() -> dict[str, Any]:
        return asdict(sweep.sweep_orders(now=timezone.now(), in_flight=SUBMITS_IN_FLIGHT, seconds=SWEEP_FOR))

    run_leased(name="sweep_orders", seconds=LEASE, job=job)


@shared_task
def poll_orders() -> None:
    """Poll every provider with due orders, each in its own task, so that a slow one does not delay the others."""

    def job() -> dict[str, Any]:
        due = poll.providers_due(now=timezone.now())
        return {"providers": _hand_out(poll_provider, "poll_provider", due, settings.POLL_SECONDS)}

    run_leased(name="poll_orders", seconds=LEASE, job=job)


@shared_task
def poll_provider(provider_id: int) -> None:
    """Poll the due orders of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = poll.poll_provider(provider=provider)
        answered = done.requests > done.failed_requests if done.requests else None
        return ProviderRun(asdict(done), answered, rounds=1 + done.requests // settings.POLL_IN_FLIGHT)

    _ask("poll_provider", provider_id, ask)


@shared_task
def poll_refills() -> None:
    """Send and poll the due refills of every provider, each in its own task."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        given_up = refill_jobs.give_up_refills(now=now)
        due = refill_jobs.providers_due(now=now)
        providers = _hand_out(poll_provider_refills, "poll_provider_refills", due, settings.REFILL_SECONDS)
        return {"providers": providers, "given_up": given_up}

    run_leased(name="poll_refills", seconds=LEASE, job=job)


@shared_task
def poll_provider_refills(provider_id: int) -> None:
    """Send and poll the due refills of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = refill_jobs.poll_provider_refills(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.requested + done.read, done.failed_requests)

    _ask("poll_provider_refills", provider_id, ask)


@shared_task
def poll_cancels() -> None:
    """Close the cancellations of finished orders, and send the due ones of every provider, each in its own task."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        closed = cancel_closing.close_cancels(now=now)
        due = cancel_jobs.providers_due(now=now)
        providers = _hand_out(poll_provider_cancels, "poll_provider_cancels", due, settings.CANCEL_SECONDS)
        return {"providers": providers, "closed": closed}

    run_leased(name="poll_cancels", seconds=LEASE, job=job)


@shared_task
def poll_provider_cancels(provider_id: int) -> None:
    """Send the due cancellations of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done = cancel_jobs.send_cancels(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.requested, done.failed_requests)

    _ask("poll_provider_cancels", provider_id, ask)


@shared_task
def probe_doubts() -> None:
    """Check unconfirmed orders at every provider, each in its own task."""

    def job() -> dict[str, Any]:
        due = probe.providers_due(now=timezone.now())
        _hand_out(probe_provider, "probe_doubts", due, settings.PROBE_SECONDS)
        return asdict(probe.ProbeRunResult())

    run_leased(name="probe_doubts", seconds=LEASE, job=job)


@shared_task
def probe_provider(provider_id: int) -> None:
    """Check the unconfirmed orders of one provider."""

    def ask(provider: Provider) -> ProviderRun:
        done, run = probe.probe_provider(provider=provider, now=timezone.now())
        return ProviderRun(asdict(done), False if run.unreached else run.calls > 0 or None, rounds=run.calls)

    _ask("probe_doubts", provider_id, ask)


@shared_task
def search_unmatched_orders() -> None:
    """Search every provider for orders under our key that match none of ours, each in its own task."""

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
    """Search one provider for orders under our key that match none of ours."""

    def ask(provider: Provider) -> ProviderRun:
        done = unmatched_search.search_provider(provider=provider, now=timezone.now())
        return _asked_in_batches(asdict(done), done.asked, done.unanswered)

    _ask("search_unmatched_orders", provider_id, ask)


@shared_task
def deliver_webhooks() -> None:
    """Deliver messages to the webhooks that respond quickly."""
    run_leased(name="deliver_webhooks", seconds=LEASE, job=lambda: asdict(deliver.deliver_quick()))


@shared_task
def deliver_slow_webhooks() -> None:
    """Deliver messages to the other webhooks: new, slow and failing ones."""
    run_leased(name="deliver_slow_webhooks", seconds=LEASE, job=lambda: asdict(deliver.deliver_slow()))


@shared_task
def forget_deliveries() -> None:
    """Delete messages that finished long ago."""
    run_leased(name="forget_deliveries", seconds=LEASE, job=lambda: {"deleted": deliver.forget_old(now=timezone.now())})


@shared_task
def read_balances() -> None:
    """Read the balance at every provider and compare it with the ledger, each in its own task."""

    def job() -> dict[str, Any]:
        _hand_out(read_provider_balance, reconcile.JOB, reconcile.providers_due(), settings.BALANCE_SECONDS)
        return asdict(reconcile.ReadResult())

    run_leased(name="read_balances", seconds=LEASE, job=job)


@shared_task
def read_provider_balance(provider_id: int) -> None:
    """Read the balance at one provider and compare it with the ledger."""

    def ask(provider: Provider) -> ProviderRun:
        done, answered = reconcile.read_provider(provider=provider)
        return ProviderRun(asdict(done), answered)

    _ask(reconcile.JOB, provider_id, ask)


@shared_task(soft_time_limit=CHECK_SOFT_SECONDS, time_limit=CHECK_LEASE)
def check_books() -> None:
    """Check as much of the ledger as fits into a run, and open an alert if anything differs."""

    def job() -> dict[str, Any]:
        checked = ledger_check.check_ledger()
        left = {"orders_left": checked.orders_left} if checked.orders_left else {}
        return {"differences": len(checked.differences), **left}

    run_leased(name="check_books", seconds=CHECK_LEASE, job=job)


@shared_task
def check_alerts() -> None:
    """Open and close alerts according to the present state."""
    run_leased(name="check_alerts", seconds=LEASE, job=lambda: {"checked": alert_check.check_alerts()})


@shared_task
def count_orders() -> None:
    """Count sent and finished orders for the metrics page."""
    run_leased(name="count_orders", seconds=LEASE, job=metrics.count_orders)


@shared_task
def reset_future_times() -> None:
    """Reset due times that a clock which was ahead set too far in the future."""

    def job() -> dict[str, Any]:
        return {"changed": future_times.reset_future_times(now=timezone.now())}

    run_leased(name="reset_future_times", seconds=LEASE, job=job)


@shared_task
def measure_times() -> None:
    """Store how long the orders of each service take."""
    run_leased(
        name="measure_times", seconds=LEASE, job=lambda: {"changed": delivery_times.measure_times(now=timezone.now())}
    )


@shared_task
def take_checkpoints() -> None:
    """Take checkpoints of the balances, so that none is summed from the first transfer on."""

    def job() -> dict[str, Any]:
        now = timezone.now()
        settle_ids(model=OrderEvent, now=now)
        return {"left": keep_checkpoints(now=now)}

    run_leased(name="take_checkpoints", seconds=LEASE, job=job)


@shared_task(soft_time_limit=CHECK_SOFT_SECONDS, time_limit=CHECK_LEASE)
def roll_up_reports() -> None:
    """Compute the daily totals for the reports. Closing a day of a million orders takes a minute or more."""
    run_leased(name="roll_up_reports", seconds=CHECK_LEASE, job=lambda: asdict(roll_up.roll_up()))


def _hand_out(task: Any, job: str, providers: Sequence[Provider], seconds: int) -> int:
    """Start a task for each due provider. A task that has not begun when the next run is due expires."""
    for provider in providers_due(job=job, providers=providers, now=timezone.now()):
        task.apply_async((provider.pk,), retry=False, expires=max(seconds, SHORTEST_WAIT))
    return len(providers)


def _ask(job: str, provider_id: int, ask: Callable[[Provider], ProviderRun]) -> None:
    run_for_provider(job=job, provider_id=provider_id, seconds=LEASE, ask=ask)


def _asked_in_batches(summary: dict[str, Any], answers: int, failures: int) -> ProviderRun:
    """The result of calls made one after the other, with up to a hundred rows each."""
    answered = True if answers else False if failures else None
    return ProviderRun(summary, answered, rounds=1 + answers // 100)
