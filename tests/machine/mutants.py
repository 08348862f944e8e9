"""Bugs that somebody might plant: each a replacement in a module's source, what it is, and the walk that meets it.

Every one is caught by the machine's model or by one of its checks, or the machine is to be guided better. What two
guards forbid is no bug when one of them is gone, so such a mutant takes both away.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in the source of `module`; `more` are further replacements there."""

    name: str
    walk: str
    module: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()


SETTLE, RECORD, SUBMIT, SWEEP = "orders.settle", "orders.record", "orders.submit", "orders.sweep"
RESOLVE, LEDGER, MONEY, EVIDENCE = "orders.resolve", "panel.wallet.ledger", "panel.lib.money", "orders.evidence"
DEAD = 'OutcomeUnknown("The worker that sent it did not come back.")'
NEW_TO = '__import__("providers.adapters.errors", fromlist=["NotPlaced"]).NotPlaced("dead", reason="busy")'

MUTANTS = (
    # Money of an order
    Mutant("each refund is the whole target", "ends", SETTLE, "Decimal = target - order.refunded", "Decimal = target"),
    Mutant("a refund's key lacks its target", "ends", SETTLE, '"refund:{order.pk}:{target:f}"', '"refund:{order.pk}"'),
    Mutant("refunds always come out of held", "ends", SETTLE, "HELD if still_held >= difference", "HELD if True"),
    Mutant("revenue keeps what was given back", "ends", SETTLE, "order.captured -= difference", "pass"),
    Mutant("refunded is not noted", "ends", SETTLE, "order.refunded = target", "pass"),
    Mutant(
        "captured with what was refunded",
        "ends",
        SETTLE,
        "rest = order.charge - order.refunded - order.captured",
        "rest = order.charge - order.captured",
    ),
    Mutant(
        "a partial is not captured",
        "ends",
        SETTLE,
        "houses=houses, why=why)\n            capture(change, houses=houses)",
        "houses=houses, why=why)",
    ),
    Mutant("costs never fall", "ends", SETTLE, "    if difference:\n", "    if difference > 0:\n"),
    Mutant("each cost is booked anew", "ends", SETTLE, "difference = cost - order.cost", "difference = cost"),
    Mutant(
        "a charge of nothing while it runs is believed",
        "ends",
        SETTLE,
        "(status.charge > 0 or status.word not in RUNNING)",
        "True",
    ),
    Mutant(
        "a share is rounded up",
        "ends",
        MONEY,
        "to_micro(charge) * part // whole",
        "-(-to_micro(charge) * part // whole)",
    ),
    Mutant(
        "a charge is rounded down",
        "wallet",
        MONEY,
        "return round_up(exact)",
        'return round_to(exact, rounding="ROUND_FLOOR")',
    ),
    # What answers mean
    Mutant("an older answer is applied", "old_answers", SETTLE, "change.order.applied_at < asked_at", "True"),
    Mutant(
        "when an answer was asked for is not kept", "old_answers", SETTLE, "change.order.applied_at = asked_at", "pass"
    ),
    Mutant(
        "remains of null are read as 0",
        "nonsense",
        SETTLE,
        "status.word == StatusWord.PARTIAL and status.remains == 0",
        "status.word == StatusWord.PARTIAL and not status.remains",
    ),
    Mutant(
        "remains of null are read as all",
        "nonsense",
        SETTLE,
        "_end_partial(change, status.remains, houses)",
        "_end_partial(change, order.quantity if status.remains is None else status.remains, houses)",
    ),
    Mutant(
        "odd remains are clamped and paid", "nonsense", SETTLE, "elif not 0 < remains <= order.quantity:", "elif False:"
    ),
    Mutant(
        "an unknown word is a cancel",
        "nonsense",
        SETTLE,
        "elif status.word == StatusWord.CANCELED:",
        "else:\n        _cancel(change, houses)\n    if False:",
    ),
    Mutant(
        "silence is a cancel",
        "nonsense",
        SETTLE,
        "                _miss(change, answer)",
        "                _cancel(change, houses)",
    ),
    Mutant(
        "any currency will do",
        "nonsense",
        SETTLE,
        "if status.currency and status.currency.upper() != order.provider_currency.upper():",
        "if False:",
    ),
    Mutant(
        "a missing order is flagged at once",
        "nonsense",
        SETTLE,
        "order.misses >= MISSES_BEFORE_ATTENTION and lasted",
        "True",
    ),
    Mutant(
        "a canceled order becomes partial", "ends", SETTLE, "    if change.was == State.CANCELED:\n", "    if False:\n"
    ),
    Mutant(
        "a canceled order is canceled again", "ends", SETTLE, "    if change.was != State.CANCELED:\n", "    if True:\n"
    ),
    Mutant(
        "nobody hears of a reopened order", "ends", SETTLE, "        if change.was in FINAL:\n", "        if False:\n"
    ),
    Mutant(
        "a reopened order says what is left",
        "ends",
        SETTLE,
        "status.remains is not None and (",
        "status.remains is not None or (",
    ),
    Mutant(
        "an accepted order is not followed",
        "ends",
        SETTLE,
        "order.next_poll_at = change.now + FIRST_LOOK",
        "order.next_poll_at = None",
    ),
    Mutant("other remains are no news", "polls", "orders.poll", "answer.remains in {None, seen.remains}", "True"),
    Mutant("another charge is no news", "polls", "orders.poll", "answer.charge == seen.cost or", "True or"),
    # Buying
    Mutant(
        "sent again after a time-out",
        "dead_workers",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", why=outcome.text)',
        'change.to(State.QUEUED, what="waits"); change.order.next_attempt_at = change.now',
    ),
    Mutant(
        "money back after a time-out",
        "taken_ids",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", why=outcome.text)',
        'end_with_refund(change, State.REJECTED, houses=houses, what="rejected")',
    ),
    Mutant(
        "a doubt goes to the next supplier",
        "verdicts",
        RECORD,
        'change.to(State.UNCONFIRMED, what="doubt", why=outcome.text)',
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
        'end_with_refund(change, State.REJECTED, houses=houses, what="rejected", why=outcome.text)',
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
        "gate.pause_provider(provider_id=provider_id, reason=",
        "str(",
    ),
    Mutant(
        "a paused provider is sent to",
        "pauses",
        SUBMIT,
        " or not pass_gate(provider_id=order.provider_id, now=now)",
        "",
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
        "orders.states",
        "GATED = frozenset({State.SENDING, State.UNCONFIRMED})",
        "GATED = frozenset({State.SENDING})",
    ),
    Mutant("bought at a loss", "pauses", SUBMIT, "if is_at_loss and not seen.service.allow_below_cost:", "if False:"),
    Mutant(
        "the cost is that of the day it was placed",
        "pauses",
        SUBMIT,
        "order.expected_cost = charge_for(",
        "_ = charge_for(",
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
    Mutant("dead workers are not noticed", "dead_workers", SWEEP, "for attempt_id in dead:", "for attempt_id in []:"),
    Mutant("what a dead worker sent is sent again", "dead_workers", SWEEP, DEAD, NEW_TO),
    Mutant(
        "what waited too long is kept",
        "waits_too_long",
        SWEEP,
        'end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", why=why)',
        'change.to(State.REJECTED, what="rejected")',
    ),
    Mutant(
        "the next supplier is tried again and again",
        "refusals",
        "orders.next_supplier",
        "in tried or not",
        "in () or not",
    ),
    Mutant(
        "the next supplier at any price",
        "refusals",
        "orders.next_supplier",
        "return order.service.allow_below_cost or",
        "return True or",
    ),
    # Whoever decides
    Mutant(
        "canceled once it is sent",
        "cancels",
        "orders.cancel",
        "            if change.state == State.QUEUED:\n",
        "            if True:\n",
    ),
    Mutant(
        "canceled without the money",
        "cancels",
        "orders.cancel",
        'end_with_refund(change, State.CANCELED, houses=houses, what="canceled", actor=actor)',
        'change.to(State.CANCELED, what="canceled")',
    ),
    Mutant(
        "a verdict before the answer can be known", "verdicts", RESOLVE, "if attempt.lease_until > now:", "if False:"
    ),
    Mutant(
        "a verdict on what is decided",
        "verdicts",
        RESOLVE,
        "if change.state not in DOUBTFUL or attempt is None:",
        "if attempt is None:",
    ),
    Mutant("an id that nobody asked for", "verdicts", RESOLVE, "_check_id(order.provider, provider_order_id)", "pass"),
    Mutant(
        "what was absent counts as refused",
        "verdicts",
        RESOLVE,
        "_close_attempt(attempt, Attempt.Outcome.ABSENT)",
        "_close_attempt(attempt, Attempt.Outcome.REFUSED)",
    ),
    Mutant(
        "money back by words alone",
        "verdicts",
        RESOLVE,
        'end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", why=reason, actor=actor)',
        'change.to(State.REJECTED, what="rejected")',
    ),
    Mutant(
        "silence rules an order out",
        "looked_for_in_vain",
        EVIDENCE,
        "is_known and all(name in answers for name in asked)",
        "True",
    ),
    Mutant(
        "ruled out before it could appear", "looked_for_early", EVIDENCE, "is_settled=bool(settled)", "is_settled=True"
    ),
    # The books
    Mutant(
        "an order's money does not move",
        "wallet",
        "orders.change",
        "ledger.transfer([move for change in changes for move in change.moves])",
        "pass",
    ),
    Mutant(
        "an order's history is not written",
        "wallet",
        "orders.change",
        "OrderEvent.objects.bulk_create([event for change in changes for event in change.events])",
        "pass",
    ),
    Mutant(
        "a wallet is charged whatever it holds",
        "wallet",
        LEDGER,
        "WHERE customer_id = %s AND balance >= %s",
        "WHERE customer_id = %s AND %s >= 0",
    ),
    Mutant(
        "a charge leaves the wallet as it was",
        "wallet",
        LEDGER,
        "SET balance = balance - %s",
        "SET balance = balance - 0 * %s",
    ),
    Mutant(
        "a wallet gets twice what came",
        "wallet",
        LEDGER,
        "now[move.target] += move.amount",
        "now[move.target] += 2 * move.amount",
    ),
    Mutant(
        "a top-up is credited twice",
        "wallet",
        "panel.wallet.topups",
        "if top_up.state != TopUp.State.ASKED:",
        "if False:",
        (('key=f"topup:{top_up.pk}"', 'key=f"topup:{top_up.pk}:{now}:{actor}"'),),
    ),
    Mutant("a token buys twice", "wallet", "orders.place", "client_token=token,", "client_token=None,"),
    Mutant(
        "sold at cost", "wallet", "orders.place", "charge_for(rate=sale.rate,", "charge_for(rate=sale.upstream_rate,"
    ),
    Mutant(
        "a refill that was taken is asked for again",
        "refills",
        "orders.refill_jobs",
        "state__in=[S.WANTED, S.UNKNOWN, S.SENDING]",
        "state__in=[S.WANTED, S.UNKNOWN, S.SENDING, S.PENDING]",
    ),
)
