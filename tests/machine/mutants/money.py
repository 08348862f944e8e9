"""Bugs in what an order's money does, and in the books."""

from tests.machine.mutants.mutant import Mutant

SETTLE, LEDGER, MONEY = "orders.tracking.settle", "panel.wallet.ledger", "panel.lib.money"

MONEY_MUTANTS = (
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
        "actor=actor)\n    capture(change, houses=houses)",
        "actor=actor)",
    ),
    Mutant("costs never fall", "ends", SETTLE, "    if difference:\n", "    if difference > 0:\n"),
    Mutant("each cost is booked anew", "ends", SETTLE, "difference = cost - order.cost", "difference = cost"),
    Mutant(
        "a charge of nothing while it runs is believed",
        "ends",
        "orders.tracking.reported",
        "status.charge if status.charge or status.word in REFUNDING else None",
        "status.charge",
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
    Mutant(
        "an order's money does not move",
        "ends",
        "orders.core.change",
        "ledger.transfer([move for change in changes for move in change.moves])",
        "pass",
    ),
    Mutant(
        "an order's history is not written",
        "ends",
        "orders.core.change",
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
        "panel.wallet.deposits.deposits",
        "if top_up.state != TopUp.State.ASKED:",
        "if False:",
        (('key=f"topup:{top_up.pk}"', 'key=f"topup:{top_up.pk}:{now}:{actor}"'),),
    ),
    Mutant("a token buys twice", "wallet", "orders.placing.place", "client_token=token,", "client_token=None,"),
    Mutant(
        "sold at cost",
        "wallet",
        "orders.placing.place",
        "charge_for(rate=sale.rate,",
        "charge_for(rate=sale.upstream_rate,",
    ),
    Mutant(
        "a refill that was taken is asked for again",
        "refills",
        "orders.aftercare.refill_jobs",
        "state__in=[S.WANTED, S.UNKNOWN, S.SENDING]",
        "state__in=[S.WANTED, S.UNKNOWN, S.SENDING, S.PENDING]",
    ),
)
