"""Bugs in what customers, staff and the evidence decide."""

from tests.machine.mutants.mutant import Mutant

RESOLVE, EVIDENCE = "orders.unconfirmed.decisions", "orders.unconfirmed.evidence"

DECIDING_MUTANTS = (
    Mutant(
        "canceled once it is sent",
        "cancels",
        "orders.aftercare.cancels",
        "            if change.state == State.QUEUED:\n",
        "            if True:\n",
    ),
    Mutant(
        "canceled without the money",
        "cancels",
        "orders.aftercare.cancels",
        """end_with_refund(
                    change, State.CANCELED, houses=houses, what="canceled", reason=reason or "", actor=actor
                )""",
        'change.to(State.CANCELED, what="canceled")',
    ),
    Mutant(
        "a verdict before the answer can be known", "verdicts", RESOLVE, "if attempt.lease_until > now:", "if False:"
    ),
    Mutant(
        "a verdict on what is decided",
        "verdicts",
        RESOLVE,
        "if change.state not in UNCONFIRMED_STATES or attempt is None:",
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
        'end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", reason=reason, actor=actor)',
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
)
