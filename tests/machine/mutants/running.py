"""Bugs of threads, clocks, disks and limits, which no walk sees: each is met by a test of its own."""

from tests.machine.mutants.mutant import Mutant

SAFE_MODE, TURN, OUTBOUND, BACKOFF = (
    "orders.core.safe_mode",
    "orders.webhooks.turn",
    "panel.lib.outbound.client",
    "providers.availability.backoff",
)
FAIRNESS, HOLDS = "tests/orders/webhooks/test_fairness.py::", "tests/orders/core/test_safe_mode.py::"
ASKED, JOBS, SWEEPS = (
    "tests/providers/availability/test_backoff.py::",
    "tests/panel/ops/jobs/test_leases.py::",
    "tests/orders/submission/test_sweep.py::",
)
LEDGER = "tests/orders/accounting/test_ledger_check.py::"

RUNNING_MUTANTS = (
    Mutant(
        "slow webhooks stand among the quick ones",
        FAIRNESS + "test_slow_ones_delay_no_quick_one",
        TURN,
        "is_active=True, slow_until__isnull=lane.is_quick)",
        "is_active=True)",
    ),
    Mutant(
        "the same webhooks are served first in every run",
        FAIRNESS + "test_a_new_one_is_next_among_slow_ones_that_have_much_to_hear",
        TURN,
        'F("last_turn_at").asc(nulls_first=True), "pk"',
        '"pk"',
    ),
    Mutant(
        "one webhook may take a whole run",
        FAIRNESS + "test_a_share_of_a_run_is_bounded",
        TURN,
        "if not self.waiting or time.monotonic() + self.last_took > self.until:",
        "if not self.waiting:",
    ),
    Mutant(
        "a hold is written over what an attempt remembers",
        HOLDS + "test_a_hold_and_an_attempt_at_the_same_moment_keep_both",
        SAFE_MODE,
        "    with high_water.locked():\n        high_water.write(replace(high_water.read(), held=",
        "    if True:\n        high_water.write(replace(high_water.read(), held=",
    ),
    Mutant(
        "an attempt writes over a hold",
        HOLDS + "test_no_hold_is_lost_among_attempts_and_no_mark_falls",
        SAFE_MODE,
        "    with high_water.locked():\n        mark = high_water.read()",
        "    if True:\n        mark = high_water.read()",
    ),
    Mutant(
        "a power cut empties the mark",
        HOLDS + "test_the_mark_is_on_the_disk_before_it_counts",
        "orders.core.high_water",
        "os.fsync(file.fileno())",
        "pass",
    ),
    Mutant(
        "a backlog of one cost takes a sweep's whole time",
        SWEEPS + "test_a_backlog_of_one_cost_holds_up_no_other_provider",
        "orders.submission.sweep",
        'ThreadPoolExecutor(in_flight, thread_name_prefix="submit") as pool:\n        return',
        'ThreadPoolExecutor(1, thread_name_prefix="submit") as pool:\n        return',
    ),
    Mutant(
        "one job reads all balances",
        "tests/tasks/test_hand_out.py::test_each_provider_is_asked_by_a_task_of_its_own",
        "orders.tasks",
        "_hand_out(read_provider_balance, reconcile.JOB, reconcile.providers_due(), settings.BALANCE_SECONDS)",
        "reconcile.read_balances()",
    ),
    Mutant(
        "providers that hang take all the workers",
        ASKED + "test_few_slow_ones_are_asked_at_a_time_and_quick_ones_beside_them",
        BACKOFF,
        "if Backoff.objects.filter(running).count() >= lanes:",
        "if False:",
    ),
    Mutant(
        "one that does not answer is asked at every tick",
        ASKED + "test_one_that_does_not_answer_is_asked_after_a_growing_pause_until_it_does",
        BACKOFF,
        "return row is not None and row.next_at is not None and now < row.next_at <= now + MAX_BACKOFF",
        "return False",
    ),
    Mutant(
        "a pause of a clock that was ahead holds",
        ASKED + "test_a_pause_that_was_set_while_the_clock_was_ahead_counts_as_none",
        BACKOFF,
        "now < row.next_at <= now + MAX_BACKOFF",
        "now < row.next_at",
    ),
    Mutant(
        "a late tick of the sweep is dropped",
        "tests/panel/test_embedded.py::test_what_places_orders_goes_to_a_queue_of_its_own_and_may_come_late",
        "panel.celery",
        "max(seconds, LATE_SECONDS) if task in PLACING_TASKS else seconds",
        "seconds",
    ),
    Mutant(
        "a task's time limit is the provider's fault",
        "tests/panel/lib/outbound/test_client.py::test_our_own_time_limit_is_not_blamed_on_the_host",
        OUTBOUND,
        "            return SoftTimeLimitExceeded()\n",
        "            return self._failure(host, SoftTimeLimitExceeded(), reading)\n",
    ),
    Mutant(
        "a task's time limit ends one row and not the job",
        JOBS + "test_the_time_limit_ends_a_job_over_many_rows",
        "panel.lib.database.each_row",
        "    except SoftTimeLimitExceeded:\n        raise\n",
        "",
    ),
    Mutant(
        "a job runs beside itself once its lease is over",
        JOBS + "test_a_run_that_outlives_its_lease_is_not_joined_by_another_in_its_process",
        "panel.ops.jobs.leases",
        "is_only = name not in _running",
        "is_only = True",
    ),
    Mutant(
        "each look for parts reads all orders",
        "tests/orders/unconfirmed/probing/test_parts.py::test_it_is_looked_up_in_its_index",
        "orders.models.parts",
        """JSON_TYPE({}, '$."runs"') IS NOT NULL""",
        "JSON_TYPE({}, '$.runs') IS NOT NULL",
    ),
    Mutant(
        "a cost that no account can hold crashes",
        "tests/orders/placing/test_place.py::test_a_price_that_no_account_can_hold_is_refused",
        "orders.placing.place",
        "is_too_large = not is_storable(charge, cost, cost * sale.exchange_rate)",
        "is_too_large = False",
    ),
    Mutant(
        "each check of the ledger begins anew",
        LEDGER + "test_a_run_goes_on_where_the_last_one_ended",
        "orders.accounting.ledger_check",
        "    place.is_in_round = bool(in_round)\n",
        "    place.is_in_round = False\n",
    ),
    Mutant(
        "a check of the ledger that is stopped was for nothing",
        LEDGER + "test_a_run_that_is_stopped_loses_no_slice",
        "orders.accounting.ledger_check",
        "        place.last_order = upto\n        yield lines\n        place.save()\n",
        "        place.last_order = upto\n        yield lines\n",
    ),
    Mutant(
        "the ledger check is stopped after a minute and a half",
        LEDGER + "test_a_run_goes_on_where_the_last_one_ended",
        "orders.accounting.ledger_check",
        "while time.monotonic() < until and (upto := next_order(",
        "while (upto := next_order(",
    ),
    Mutant(
        "a served subscription is free",
        "tests/orders/tracking/test_subscription.py::test_only_one_that_served_no_post_is_free",
        "orders.rules.subscription",
        "return ended if ended.charge or ended.word == ReportedStatus.CANCELED else replace(ended, charge=None)",
        "return ended",
    ),
    Mutant(
        "an order is reckoned at the exchange rate of the day it was placed",
        "tests/orders/submission/test_submit.py::test_an_order_is_reckoned_at_the_exchange_rate_of_the_day_it_is_sent",
        "orders.submission.submit",
        "            keep_todays_exchange(change.order, provider)\n",
        "",
    ),
    Mutant(
        "pictures of withdrawn deposits fill the disk",
        "tests/panel/wallet/deposits/test_pictures.py::test_the_picture_of_a_withdrawn_or_refused_deposit_is_deleted_with_it",
        "panel.wallet.deposits.deposits",
        "        if done:\n            _drop_picture_on_commit(",
        "        if False:\n            _drop_picture_on_commit(",
    ),
    Mutant(
        "deposits are reported and withdrawn without end",
        "tests/panel/wallet/deposits/test_pictures.py::test_asking_and_withdrawing_again_and_again_ends",
        "panel.wallet.deposits.limits",
        "    if count >= MAX_PER_DAY:\n",
        "    if False:\n",
    ),
)
