"""Bugs in what a provider's answers are taken for."""

from tests.machine.mutants.mutant import Mutant

SETTLE = "orders.tracking.settle"

ANSWER_MUTANTS = (
    Mutant("an older answer is applied", "old_answers", SETTLE, "change.order.applied_at < asked_at", "True"),
    Mutant(
        "when an answer was asked for is not kept", "old_answers", SETTLE, "change.order.applied_at = asked_at", "pass"
    ),
    Mutant(
        "remains of null are read as 0",
        "nonsense",
        SETTLE,
        "status.word == ReportedStatus.PARTIAL and status.remains == 0",
        "status.word == ReportedStatus.PARTIAL and not status.remains",
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
        "elif status.word == ReportedStatus.CANCELED:",
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
        "nobody hears of a reopened order",
        "ends",
        SETTLE,
        "        if change.was in FINAL and not was_running:",
        "        if False:",
    ),
    Mutant(
        "a reopened order says what is left",
        "ends",
        "orders.tracking.reported",
        "status.remains is not None and (",
        "status.remains is not None or (",
    ),
    Mutant(
        "an accepted order is not followed",
        "ends",
        SETTLE,
        "order.next_attempt_at = None\n    order.next_poll_at = change.now + FIRST_POLL",
        "order.next_attempt_at = None\n    order.next_poll_at = None",
    ),
    Mutant(
        "other remains are no news", "polls", "orders.tracking.poll", "answer.remains in {None, seen.remains}", "True"
    ),
    Mutant(
        "another charge is no news",
        "polls",
        "orders.tracking.poll",
        "reported_cost(answer) in {None, seen.cost}",
        "True",
    ),
)
