"""Bugs in what customers' programs hear of changes."""

from tests.machine.mutants.mutant import Mutant

TURN, CHOICES = "orders.webhooks.turn", "orders.webhooks.choices"

RECEIVER_MUTANTS = (
    Mutant(
        "younger messages overtake one that failed",
        "messages_in_order",
        TURN,
        "Delivery.objects.filter(webhook=webhook, next_at__isnull=False)",
        "Delivery.objects.filter(webhook=webhook, next_at__lte=now)",
    ),
    Mutant(
        "a turn goes on after a failure",
        "messages_in_order",
        TURN,
        "        if sent.error or not is_ours:\n",
        "        if not is_ours:\n",
    ),
    Mutant(
        "nobody rests after a failure", "messages_in_order", TURN, "filter(is_free, may_retry, ", "filter(is_free, "
    ),
    Mutant(
        "tests are sent without end",
        "messages_in_order",
        CHOICES,
        "if Delivery.objects.filter(webhook=webhook_id, event=Delivery.TEST, next_at__isnull=False).exists():",
        "if False:",
    ),
    Mutant(
        "a turn writes without its claim",
        "changed_meanwhile",
        TURN,
        "Webhook.objects.filter(pk=self.webhook.pk, claim=self.webhook.claim)",
        "Webhook.objects.filter(pk=self.webhook.pk)",
    ),
    Mutant(
        "a new address lets a turn go on",
        "changed_meanwhile",
        CHOICES,
        '"", None\n        webhook.end_turn()\n',
        '"", None\n',
    ),
    Mutant(
        "a new secret lets a turn go on",
        "changed_meanwhile",
        CHOICES,
        "    webhook.set_secret(secret)\n    webhook.end_turn()\n",
        "    webhook.set_secret(secret)\n",
    ),
    Mutant(
        "two serve one webhook at once", "changed_meanwhile", TURN, "filter(is_free, may_retry, ", "filter(may_retry, "
    ),
    Mutant(
        "a quick one that turned slow has failed",
        "changed_meanwhile",
        TURN,
        "if self.lane.is_quick and sent.seconds >= self.lane.deadline:",
        "if False:",
    ),
    Mutant("after the last try it goes on", "last_try", TURN, "        if next_at is None:\n", "        if False:\n"),
    Mutant(
        "what was written while it was paused is sent",
        "last_try",
        TURN,
        "is_active=True, slow_until__isnull=lane.is_quick)",
        "slow_until__isnull=lane.is_quick)",
    ),
    Mutant(
        "a turn's claim of a clock that was ahead holds",
        "ahead_in_delivery",
        TURN,
        " | Q(claimed_until__gt=now + LEASE + SKEW)",
        "",
    ),
    Mutant(
        "a rest of a clock that was ahead holds",
        "ahead_in_delivery",
        TURN,
        " | Q(retry_at__gt=now + max(RETRIES) + SKEW)",
        "",
    ),
    Mutant(
        "a pause leaves messages waiting",
        "last_try",
        "orders.webhooks.pause",
        "        next_at=None, reason=",
        "        reason=",
    ),
)
