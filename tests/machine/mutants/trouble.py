"""Bugs that only show when something goes wrong around orders, or when two things happen at once."""

from tests.machine.mutants.mutant import Mutant

SETTLE, RECORD, SUBMIT, MAY_SEND = (
    "orders.tracking.settle",
    "orders.submission.record",
    "orders.submission.submit",
    "orders.submission.eligibility",
)
SAFE_MODE, HIGH_WATER, TIMES = "orders.core.safe_mode", "orders.core.high_water", "orders.operations.future_times"
GATE_LAST = (
    "            if not allow_request(provider_id=provider.pk, now=now):"
    "  # the last question: it may be the one try\n                return None\n"
)
GATE_FIRST = """            if not allow_request(provider_id=change.order.provider_id, now=now):
                return None
            provider = provider_to_send_to(change)
"""
CLEAR = "    if final is not None and not isinstance(final, OutcomeUnknown):\n"

CLOSES = """        from panel.ops.alerts.alerts import close_alert

        close_alert(subject=f"doubtful:{change.order.provider_id}")
"""

TROUBLE_MUTANTS = (
    # Safe mode
    Mutant(
        "a hold is not seen by whoever has claimed an order",
        "held",
        SAFE_MODE,
        "        if mark.held:\n            raise SafeModeError(mark.held)\n",
        "",
    ),
    Mutant(
        "an attempt that cannot be remembered is a doubt",
        "held",
        SUBMIT,
        "except (safe_mode.SafeModeError, MarkError) as problem:",
        "except safe_mode.SafeModeError as problem:",
    ),
    Mutant(
        "what cannot be remembered is sent",
        "held",
        SUBMIT,
        'return NotPlaced(_("Nothing was sent: %(reason)s") % {"reason": problem}, reason="safe_mode")',
        "del problem",
    ),
    Mutant(
        "a damaged mark crashes",
        "held",
        HIGH_WATER,
        "except (OSError, ValueError) as error:",
        "except OSError as error:",
    ),
    Mutant("a full data directory is not noticed", "held", SAFE_MODE, "        high_water.check_writable()\n", ""),
    Mutant(
        "staff give money back in safe mode",
        "held",
        "orders.aftercare.refunds",
        "    if safe_mode.is_on_now():\n",
        "    if False:\n",
    ),
    Mutant(
        "staff decide doubts in safe mode",
        "held",
        "orders.unconfirmed.decisions",
        "    if safe_mode.is_on_now():\n",
        "    if False:\n",
    ),
    Mutant(
        "staff ask providers in safe mode",
        "held",
        "orders.tracking.poll",
        "    if safe_mode.is_on_now():\n",
        "    if False:\n",
    ),
    Mutant(
        "orders are polled in safe mode",
        "held",
        "orders.tracking.poll",
        "    if safe_mode.is_on():\n",
        "    if False:\n",
    ),
    Mutant(
        "cancels are passed on in safe mode",
        "held",
        "orders.aftercare.cancel_jobs",
        "    if safe_mode.is_on():\n",
        "    if False:\n",
    ),
    Mutant("an order is sent in safe mode", "held", SUBMIT, "    if safe_mode.is_on_now():\n", "    if False:\n"),
    # What is sent
    Mutant("a service in doubt is bought", "pauses", MAY_SEND, "    if upstream.review_reason:\n", "    if False:\n"),
    Mutant(
        "a service that is gone is bought", "as_sold", MAY_SEND, "    if not upstream.is_listed:\n", "    if False:\n"
    ),
    Mutant(
        "the exchange rate is that of the day it was placed",
        "as_sold",
        MAY_SEND,
        "round_up(order.expected_cost * provider.exchange_rate)",
        "round_up(order.expected_cost * order.exchange_rate)",
    ),
    Mutant(
        "a price that rose is said of what was sent",
        "as_sold",
        "orders.core.change",
        "if new != State.QUEUED and self.order.attention in WHILE_IT_WAITS:",
        "if False:",
    ),
    Mutant(
        "a crowd behind one cost fills the sweep",
        "crowd",
        "orders.submission.due",
        "Order.objects.filter(_is_first_of_its_cost(), state=",
        "Order.objects.filter(state=",
        (
            (
                'rows = due.order_by().values("expected_cost").annotate(first=Min("pk"), since=Min("next_attempt_at"))',
                'rows = due.order_by("next_attempt_at", "pk")',
            ),
            (
                'rows.order_by("since", "first").values_list("first", flat=True)[:most]',
                'rows.values_list("pk", flat=True)[:most]',
            ),
        ),
    ),
    Mutant(
        "the one try after a closure is spent on what is not sent",
        "after_a_closure",
        SUBMIT,
        "            provider = provider_to_send_to(change)\n",
        GATE_FIRST,
        ((GATE_LAST, ""),),
    ),
    Mutant(
        "a flag outlives its reason",
        "nonsense",
        SETTLE,
        "if order.attention in UNTIL_ANSWERED:",
        "if False:",
    ),
    Mutant(
        "a long outage overflows",
        "long_outage",
        "providers.availability.circuit_breaker",
        "2 ** min(trips, MAX_DOUBLINGS)",
        "2**trips",
    ),
    Mutant(
        "a long outage closes for a day",
        "long_outage",
        "providers.availability.circuit_breaker",
        "return min(MIN_OPEN_TIME * doublings, MAX_OPEN_TIME)",
        "return MIN_OPEN_TIME * 2 ** min(trips, 11)",
    ),
    Mutant(
        "a link that was busy elsewhere counts here",
        "busy_elsewhere",
        RECORD,
        "Attempt.objects.filter(there, order=attempt.order_id,",
        "Attempt.objects.filter(order=attempt.order_id,",
    ),
    # Clocks
    Mutant(
        "an answer of a clock that was ahead is the last one",
        "clocks",
        SETTLE,
        "            or is_future(change.order.applied_at, now=now)\n",
        "",
    ),
    Mutant(
        "what was put off ahead waits for that day",
        "clocks",
        TIMES,
        "        _queued_orders(now)\n        + ",
        "        ",
    ),
    Mutant("what was polled ahead is not followed", "clocks", TIMES, "        + _followed_orders(now)\n", ""),
    Mutant("what was sent ahead has no end of its lease", "clocks", TIMES, "        + _attempts(now)\n", ""),
    Mutant(
        "a job's lease of a clock that was ahead holds",
        "clocks",
        "panel.ops.jobs.leases",
        " | Q(lease_until__gt=until)",
        "",
    ),
    # Meanwhile
    Mutant(
        "a pause is lost with the database",
        "hiccups",
        RECORD,
        "        _follow_trouble(attempt, outcome, now)\n",
        "",
        ((CLEAR, "    if final is not None:\n        _follow_trouble(attempt, final, timezone.now())\n" + CLEAR),),
    ),
    Mutant(
        "a doubt is told of after the transaction",
        "hiccups",
        RECORD,
        "            update_unconfirmed_alert(provider_id=sent_to)\n",
        "            pass\n",
        (
            (
                CLEAR,
                "    if final is not None:\n        update_unconfirmed_alert(provider_id=attempt.order.provider_id)\n"
                + CLEAR,
            ),
        ),
    ),
    Mutant(
        "the end of a doubt is told where its order has gone",
        "refused_after_all",
        RECORD,
        "update_unconfirmed_alert(provider_id=sent_to)",
        "update_unconfirmed_alert(provider_id=change.order.provider_id)",
    ),
    Mutant(
        "one decided doubt closes the alert of all",
        "two_doubts",
        "orders.unconfirmed.decisions",
        "        update_unconfirmed_alert(provider_id=change.order.provider_id)\n",
        CLOSES,
    ),
    Mutant(
        "an alert is judged before its turn",
        "reported_meanwhile",
        "panel.ops.alerts.alerts",
        "        lock_subject(subject)\n        text = look()\n",
        "        text = look()\n        lock_subject(subject)\n",
    ),
    Mutant(
        "an order found too early stays unmatched",
        "unmatched",
        SETTLE,
        "link_unmatched_order(order=order, actor=actor or THE_PANEL, reason=known_by)",
        "pass",
    ),
    Mutant(
        "two look for one doubt at once",
        "looks_beside",
        "orders.unconfirmed.probe",
        "        if _claim(probe, now):\n",
        "        if True:\n",
    ),
    # After the sale
    Mutant(
        "a refill's echo is a refusal",
        "echoes",
        "orders.aftercare.refill_jobs",
        "    if not row.is_first_request:\n",
        "    if False:\n",
    ),
    Mutant(
        "a cancel's echo is a refusal",
        "echoes",
        "orders.aftercare.cancel_jobs",
        "    if not row.is_first_request:\n",
        "    if False:\n",
    ),
    Mutant(
        "what is put off forgets that it was asked before",
        "echoes",
        "orders.aftercare.claims",
        '"wanted" if row.is_first_request else "unknown"',
        '"wanted"',
    ),
    Mutant(
        "misses are counted without end",
        "worn_out",
        SETTLE,
        "order.misses = min(order.misses + 1, MOST_MISSES)\n    if order.missed_since",
        "order.misses += 1\n    if order.missed_since",
    ),
    Mutant(
        "costs are counted without end",
        "worn_out",
        SETTLE,
        "    if order.money_moves >= MOST_COSTS:\n",
        "    if False:\n",
    ),
    Mutant(
        "what remains contradicts what was given back",
        "given_back",
        "orders.tracking.reported",
        "status.remains is not None and (change.was not in FINAL or _gives_back_more(order, status))",
        "status.remains is not None",
    ),
    Mutant(
        "a part that is free is asked about for ever",
        "free_parts",
        SETTLE,
        " and change.now - ended < POLLS_AFTER_END[0]",
        "",
    ),
    # Entry points
    Mutant(
        "a page that comes again loses what went off sale",
        "pages",
        "orders.placing.mass",
        "return _with_earlier(lines, customer, token)",
        "return lines",
    ),
    Mutant(
        "a form takes any token",
        "reorders",
        "orders.rules.idempotency",
        "return text if _OF_FORM.fullmatch(text) else None",
        "return text",
    ),
    Mutant(
        "staff give back what was given back",
        "given_back",
        "orders.aftercare.refunds",
        "    if amount <= 0:\n",
        "    if False:\n",
    ),
)
