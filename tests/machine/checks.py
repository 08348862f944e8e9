"""What holds after every step: the books by the panel's own audit, and by sums of our own against the model."""

from collections import Counter, defaultdict
from decimal import Decimal

from django.db.models import Sum

from orders.accounting.audit import audit_all
from orders.models import Attempt, Cancellation, Order, OrderEvent, Probe, Refill, UnmatchedOrder
from panel.ops.models import Alert
from panel.wallet.models import Account, TopUp, Transfer
from providers.models import Pause
from tests.machine.selling import Selling
from tests.machine.world import micro

MOST_MISSES, MOST_MOVES = 1000, 32_767
KINDS = {"doubtful", "orphans", "top-ups"}
"""Of the alerts that last; pauses have one for each reason."""


def check_all(world: Selling) -> None:
    """Every invariant; each has a name of its own, to be told in a failure."""
    check_books(world)
    check_truth(world)
    check_rows(world)
    check_requests(world)
    check_alerts(world)


def check_books(world: Selling) -> None:
    """I1 to I5: what every account holds by its transfers is what the lives of the orders say, to the millionth."""
    found = audit_all()
    assert not found, found
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    names = {account.pk: account.house or f"wallet:{account.customer_id}" for account in Account.objects.all()}
    moved = Transfer.objects.values_list("source", "target").annotate(sum=Sum("amount"))
    for source, target, amount in moved:
        sums[names[source]] -= amount
        sums[names[target]] += amount
    lives = world.lives.values()
    for name, customer in world.customers.items():
        mine = [life for life in lives if life.customer == name]
        left = world.paid_in[name] - sum(life.charge - life.refunded for life in mine)
        assert micro(sums[f"wallet:{customer.pk}"]) == left == world.wallet(name) >= 0
    assert micro(sums["held"]) == sum(life.held for life in lives)
    assert micro(sums["revenue"]) == sum(life.captured for life in lives)
    costs = sum(micro(sums[f"cost:{provider.pk}"]) for provider in world.providers.values())
    assert costs == sum(life.cost for life in lives)
    assert not any(name.startswith("loss") for name in sums if sums[name]), "a loss, though everything was found"
    credited = TopUp.objects.filter(state="approved").aggregate(sum=Sum("credited"))["sum"] or Decimal(0)
    assert -micro(sums[f"gateway:{world.method.pk}"]) == micro(credited)


def check_truth(world: Selling) -> None:
    """I6 to I9: against the providers' own records, which no row of ours can talk into agreeing."""
    for life in world.lives.values():
        bought = world.having(life)
        ids = {one.id for one in bought}
        assert len(bought) <= 1, f"order {life.pk} was bought {len(bought)} times"
        if life.external:
            assert life.external in ids, f"order {life.pk} is linked to another one"
        assert life.external or life.state not in {"ACTIVE", "COMPLETED", "PARTIAL"}
        if life.state in {"REJECTED", "CANCELED"} and not life.external and not life.is_orphan:
            assert not bought, f"order {life.pk} was paid back, and bought"
        assert not (life.state == "QUEUED" and bought), f"order {life.pk} is to be sent again, and was bought"
    undecided = Probe.objects.filter(attempt__outcome=Attempt.Outcome.UNKNOWN)
    for verdict, candidate, order_id in undecided.values_list("verdict", "candidate", "attempt__order"):
        bought = world.having(world.lives[order_id])
        assert verdict != "absent" or not bought, "ruled out what is there"
        assert verdict != "placed" or candidate in {one.id for one in bought}, "found what is another's"


def check_rows(world: Selling) -> None:
    """What no order may lack to go on, and that its history tells how it came to be where it is."""
    live = Attempt.objects.filter(outcome=None) | Attempt.objects.filter(outcome__in=["unknown", "placed"])
    assert all(count == 1 for count in Counter(live.values_list("order", flat=True)).values())
    states: dict[int, str] = {}
    for order_id, old, new in OrderEvent.objects.exclude(new="").order_by("pk").values_list("order", "old", "new"):
        assert states.get(order_id, "") == old, f"the history of order {order_id} has a gap"
        states[order_id] = new
    gated: set[tuple[int, Decimal]] = set()
    for order in Order.objects.all():
        assert states[order.pk] == order.state, f"the history of order {order.pk} ends elsewhere"
        if order.state == "QUEUED":
            assert order.next_attempt_at, f"order {order.pk} waits for nothing"
        if order.state == "ACTIVE":
            assert order.next_poll_at, f"order {order.pk} is followed by nobody"
        if order.state == "SENDING":
            assert order.pk in set(live.filter(outcome=None).values_list("order", flat=True))
        if order.state == "PARTIAL" and order.remains is not None:
            back = world.lives[order.pk].charge * order.remains // order.quantity
            assert back == micro(order.refunded), f"order {order.pk} says another remainder than what was given back"
        assert order.misses <= MOST_MISSES, "counted further than can be stored"
        assert order.money_moves <= MOST_MOVES, "counted further than can be stored"
        if order.state in {"SENDING", "UNCONFIRMED"} and order.provider_id == world.providers["North"].pk:
            key = (order.provider_id, order.expected_cost)
            assert key not in gated, "two doubts of one cost at one provider"
            gated.add(key)


def check_requests(world: Selling) -> None:
    """What a provider may have taken is never told as refused: its refusal may be the echo of that."""
    for model, kind, refused in ((Refill, "refill", "rejected"), (Cancellation, "cancel", "refused")):
        rows = model._default_manager.filter(state=refused).values_list("pk", "order", "order__provider_order_id")
        for pk, order_id, external in rows:
            may_have = world.upstream_service_for(world.lives[order_id]).may_have
            assert (kind, external) not in may_have, f"{kind} {pk} is told as refused, and may have been taken"


def check_alerts(world: Selling) -> None:
    """Staff hear of what lasts, for as long as it does."""
    open_ones = set(Alert.objects.filter(closed_at=None).values_list("subject", flat=True))
    found = UnmatchedOrder.objects.filter(verdict="")
    linked = {(life.provider, life.external) for life in world.lives.values()}
    assert not linked & set(found.values_list("provider__name", "external_id")), "an order's own is called unmatched"
    doubts = {life.provider for life in world.lives.values() if life.state in {"UNCONFIRMED", "REVIEW"}}
    lasting = {f"doubtful:{world.providers[name].pk}" for name in doubts}
    lasting |= {f"paused-{reason}:{pk}" for reason, pk in Pause.objects.values_list("reason", "provider")}
    lasting |= {f"orphans:{pk}" for pk in found.values_list("provider", flat=True)}
    lasting |= {"top-ups"} if TopUp.objects.filter(state="asked").exists() else set()
    told = {subject for subject in open_ones if subject.partition(":")[0] in KINDS or subject.startswith("paused-")}
    assert told == lasting, f"alerts are open for {told}, and {lasting} last"
