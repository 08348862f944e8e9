"""Bugs in sending orders, and in what becomes of a try."""

from tests.machine.mutants.mutant import Mutant

RECORD, SUBMIT, SWEEP, MAY_SEND = (
    "orders.submission.record",
    "orders.submission.submit",
    "orders.submission.sweep",
    "orders.submission.eligibility",
)
DEAD = 'OutcomeUnknown("The worker that sent it did not come back.")'
NEW_TO = '__import__("providers.adapters.errors", fromlist=["NotPlaced"]).NotPlaced("dead", reason="busy")'

BUYING_MUTANTS = (
    Mutant(
        "sent again after a time-out",
        "dead_workers",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", reason=outcome.text)',
        'change.to(State.QUEUED, what="waits"); change.order.next_attempt_at = change.now',
    ),
    Mutant(
        "money back after a time-out",
        "taken_ids",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", reason=outcome.text)',
        'end_with_refund(change, State.REJECTED, houses=houses, what="rejected")',
    ),
    Mutant(
        "a doubt goes to the next supplier",
        "verdicts",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", reason=outcome.text)',
        "_refused(change, outcome, houses)",
    ),
    Mutant(
        "a late answer counts for a closed attempt",
        "refusals",
        RECORD,
        "is_undecided = attempt.outcome in {None, Attempt.Outcome.UNKNOWN}",
        "is_undecided = True",
    ),
    Mutant(
        "a late answer counts for an ended order",
        "verdicts",
        RECORD,
        "change.state not in {State.SENDING, State.UNCONFIRMED, State.REVIEW}",
        "False",
    ),
    Mutant(
        "refused without the money back",
        "refusals",
        RECORD,
        'end_with_refund(change, State.REJECTED, houses=houses, what="rejected", reason=outcome.text)',
        'change.to(State.REJECTED, what="rejected")',
    ),
    Mutant(
        "a refusal leaves its attempt open",
        "refusals",
        RECORD,
        "    Refused: Attempt.Outcome.REFUSED",
        "    Refused: Attempt.Outcome.UNKNOWN",
    ),
    Mutant(
        "an attempt not placed stays unknown",
        "pauses",
        RECORD,
        "NotPlaced: Attempt.Outcome.NOT_PLACED",
        "NotPlaced: Attempt.Outcome.UNKNOWN",
    ),
    Mutant(
        "an id of another order is taken",
        "taken_ids",
        RECORD,
        "return same.exclude(pk=order.pk).exists()",
        "return False",
        (
            (
                "final = _write_outcome(attempt, _already_ours(outcome))",
                'final = _write_outcome(attempt, Refused("x", code="order"))',
            ),
        ),
    ),
    Mutant(
        "a busy link proves nothing",
        "verdicts",
        RECORD,
        "if earlier.filter(outcome=Attempt.Outcome.ABSENT).exists():",
        "if False:",
    ),
    Mutant(
        "a busy link is waited for without end",
        "refusals",
        RECORD,
        "if first is not None and now - first.started_at",
        "if False and now - first.started_at",
    ),
    Mutant(
        "a busy link told late breaks its order",
        "busy_link_after_all",
        RECORD,
        "isinstance(outcome, OutcomeUnknown) and change.state != State.SENDING",
        "False",
    ),
    Mutant(
        "no funds, and more is sent there",
        "pauses",
        RECORD,
        "circuit_breaker.pause_provider(\n                provider_id=provider_id, reason=",
        "str(",
    ),
    Mutant(
        "a paused provider is sent to",
        "pauses",
        SUBMIT,
        "if not allow_request(provider_id=provider.pk, now=now):",
        "if False:",
        (("due_orders(now=now, even_early=even_early)", '__import__("orders.models").models.Order.objects'),),
    ),
    Mutant(
        "nothing holds back a second of its cost",
        "one_of_a_cost",
        SUBMIT,
        "    if provider.probing != Provider.Probing.OFF:\n",
        "    if False:\n",
    ),
    Mutant(
        "a doubt holds back no other",
        "one_of_a_cost",
        "orders.rules.states",
        "IN_FLIGHT_STATES = frozenset({State.SENDING, State.UNCONFIRMED})",
        "IN_FLIGHT_STATES = frozenset({State.SENDING})",
    ),
    Mutant(
        "bought at a loss",
        "pauses",
        MAY_SEND,
        "return is_at_loss and not order.service.allow_below_cost",
        "return False",
    ),
    Mutant(
        "sent though its cancel is asked for",
        "unwanted",
        MAY_SEND,
        "if cancel_if_requested(change, houses=Houses()):",
        "if False:",
    ),
    Mutant(
        "bought elsewhere though its cancel is asked for",
        "unwanted",
        RECORD,
        "if is_cancel_requested(change.order):",
        "if False:",
    ),
    Mutant(
        "queued again though its cancel is asked for",
        "unwanted",
        RECORD,
        """reason=outcome.text)
            cancel_if_requested(change, houses=houses)
""",
        """reason=outcome.text)
""",
    ),
    Mutant(
        "the cost is that of the day it was placed",
        "pauses",
        MAY_SEND,
        "change.order.expected_cost = cost",
        "_ = cost",
    ),
    Mutant(
        "a lease that ends at once",
        "ends",
        SUBMIT,
        "lease_until=change.now + timedelta(seconds=settings.LEASE_SECONDS)",
        "lease_until=change.now",
    ),
    Mutant(
        "living workers are given up",
        "dead_workers",
        SWEEP,
        "filter(outcome=None, lease_until__lte=now)",
        "filter(outcome=None)",
    ),
    Mutant("dead workers are not noticed", "dead_workers", SWEEP, "each_apart(_reap, dead,", "each_apart(_reap, [],"),
    Mutant("what a dead worker sent is sent again", "dead_workers", SWEEP, DEAD, NEW_TO),
    Mutant(
        "what waited too long is kept",
        "waits_too_long",
        SWEEP,
        'end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", reason=reason)',
        'change.to(State.REJECTED, what="rejected")',
    ),
    Mutant(
        "the next supplier is tried again and again",
        "refusals",
        "orders.submission.failover",
        "in tried or not",
        "in () or not",
    ),
    Mutant(
        "the next supplier at any price",
        "refusals",
        "orders.submission.failover",
        "return order.service.allow_below_cost or",
        "return True or",
    ),
)
