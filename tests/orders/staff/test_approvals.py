"""A second member of staff above an amount: kept as a request, carried out once by another, and nothing before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.accounting.audit import audit_all
from orders.aftercare.cancels import request_cancel
from orders.aftercare.refunds import refund_all, set_partial
from orders.models import Order
from orders.staff.review.approvals import approve
from orders.unconfirmed.decisions import refund_unconfirmed
from panel.customers.models import User
from panel.ops.models import Alert, AuditEvent
from panel.wallet.adjust import adjust_wallet
from panel.wallet.approvals.requests import decline, expire_requests, keep_request, withdraw
from panel.wallet.approvals.second_approval import CannotApproveError, SecondApprovalNeededError
from panel.wallet.deposits.deposits import approve_deposit, report_deposit
from panel.wallet.models import ApprovalRequest, ManualMove, PaymentMethod, TopUp
from panel.web.access import Actor
from tests.fixtures_orders import Store

TOKEN = "ab" * 16
REASON = "goodwill"


@dataclass
class Team:
    """Two members of staff of the store, and what each is known by."""

    store: Store
    bo: Actor
    cy: Actor

    def credit(self, amount: str, *, token: str = TOKEN, actor: str = "") -> bool:
        return adjust_wallet(
            user=self.store.customer, amount=Decimal(amount), reason=REASON, token=token, actor=actor or self.bo
        )

    def ask(self, move: Callable[[str], object], *, actor: Actor | None = None) -> ApprovalRequest:
        """What `move` needs a second approval for, kept."""
        asker = actor or self.bo
        with pytest.raises(SecondApprovalNeededError) as needed:
            move(asker)
        keep_request(needed.value, actor=asker, now=timezone.now())
        return ApprovalRequest.objects.latest("pk")

    def ask_credit(self, amount: str, *, token: str = TOKEN) -> ApprovalRequest:
        return self.ask(lambda actor: self.credit(amount, token=token, actor=actor))


@pytest.fixture
def team(store: Store, settings: Any) -> Team:
    settings.SECOND_APPROVAL_ABOVE = Decimal(1)
    return Team(store, member("bo"), member("cy"))


def member(name: str) -> Actor:
    user = User.objects.create_user(f"{name}@example.com", is_staff=True)
    return Actor(user.email, user.pk)


def doubtful(store: Store) -> Order:
    store.simulator.next("add", "reset_after_create")
    order = store.submit(store.place(link="https://example.com/doubtful"))
    store.let_lease_end(order)
    return order


def deposit(customer: User) -> TopUp:
    bank = PaymentMethod.objects.create(name="Bank", instructions="Pay.")
    wish: dict[str, Any] = {"amount": Decimal(50), "reference": "March", "token": TOKEN, "now": timezone.now()}
    return report_deposit(customer=customer, method_id=bank.pk, **wish)


def moves(team: Team) -> dict[str, tuple[Callable[[str], object], str]]:
    """Everything by which a person moves money, waiting for who does it, and what the wallet changes by."""
    store = team.store
    running, doubt, top_up = store.active(), doubtful(store), deposit(store.customer)
    why, whole = {"reason": REASON}, Decimal("1.35")
    note: dict[str, Any] = {"note": "Less a fee", "now": timezone.now()}
    return {
        "adjust": (lambda actor: team.credit("5", actor=actor), "5"),
        "debit": (lambda actor: team.credit("-5", actor=actor), "-5"),
        "deposit": (lambda actor: approve_deposit(deposit_id=top_up.pk, amount=Decimal(49), actor=actor, **note), "49"),
        "partial": (
            lambda actor: set_partial(
                order_id=running.pk, remains=900, agreed=Decimal("1.215"), actor=actor, reason=REASON
            ),
            "1.215",
        ),
        "refund": (lambda actor: refund_all(order_id=running.pk, agreed=whole, actor=actor, reason=REASON), "1.35"),
        "unconfirmed": (lambda actor: refund_unconfirmed(order_id=doubt.pk, actor=actor, **why), "1.35"),
    }


@pytest.mark.parametrize("name", ["adjust", "debit", "deposit", "partial", "refund", "unconfirmed"])
def test_it_is_kept_and_carried_out_once_by_another(team: Team, name: str) -> None:
    store, (move, amount) = team.store, moves(team)[name]
    before = store.everything()
    request = team.ask(move)
    assert store.everything() == before
    assert (request.state, request.amount, request.requested_by_id) == ("waiting", Decimal(amount), team.bo.user_id)
    assert request.action == {"debit": "adjust"}.get(name, name)
    assert Alert.objects.get(subject="approvals", closed_at=None).title == "A request needs a second approval"

    approve(request_id=request.pk, actor=team.cy)
    assert store.wallet() == before["money"]["wallet"] + Decimal(amount)
    assert audit_all() == []
    request.refresh_from_db()
    assert (request.state, request.decided_by_id) == ("approved", team.cy.user_id)
    assert not Alert.objects.filter(subject="approvals", closed_at=None).exists()
    assert not ManualMove.objects.exists()  # two people have seen it
    trail = AuditEvent.objects.filter(target=f"approval:{request.pk}").order_by("pk")
    assert [(event.action, event.actor) for event in trail] == [
        ("approval requested", "bo@example.com"),
        ("approval approved", "cy@example.com"),
    ]
    assert trail[0].detail["requested_by"] == "bo@example.com"
    after = store.everything()
    with pytest.raises(CannotApproveError, match="already decided"):
        approve(request_id=request.pk, actor=member("di"))
    assert store.everything() == after


def test_neither_who_asked_nor_the_customer_approves(team: Team) -> None:
    store = team.store
    request, before = team.ask_credit("5"), store.everything()
    User.objects.filter(pk=team.bo.user_id).update(email="bo.now@example.com")
    for actor in (team.bo, Actor("bo.now@example.com", team.bo.user_id), "BO.now@example.com"):
        for verdict in (
            lambda actor=actor: approve(request_id=request.pk, actor=actor),
            lambda actor=actor: decline(request_id=request.pk, actor=actor, note="no", now=timezone.now()),
        ):
            with pytest.raises(CannotApproveError, match="Another member of staff"):
                verdict()
    with pytest.raises(CannotApproveError, match="your own account"):
        approve(request_id=request.pk, actor=Actor("ada@example.com", store.customer.pk))
    with pytest.raises(CannotApproveError, match="Another member of staff"):
        approve(request_id=request.pk, actor="command (root)")
    assert store.everything() == before
    request.refresh_from_db()
    assert request.state == "waiting"


def test_up_to_the_limit_one_person_is_enough(team: Team) -> None:
    assert team.credit("1")
    assert (team.store.wallet(), ApprovalRequest.objects.count()) == (101, 0)


def test_off_is_off(team: Team, settings: Any) -> None:
    settings.SECOND_APPROVAL_ABOVE = Decimal(0)
    assert team.credit("5000")
    assert (team.store.wallet(), ManualMove.objects.count()) == (5100, 0)


def test_small_bookings_of_a_day_count_together(team: Team) -> None:
    for number in range(2):
        assert team.credit("0.4", token=f"{number}" * 32)
    with pytest.raises(SecondApprovalNeededError) as needed:
        team.credit("0.200001", token="c" * 32)
    assert str(needed.value) == (
        "Together with the $0.80 that you moved for ada@example.com in the last 24 hours, this is above $1.00 and "
        "needs a second approval."
    )
    assert team.store.wallet() == Decimal("100.8")
    assert team.credit("1", token="d" * 32, actor=team.cy)  # somebody else has a count of their own
    other = User.objects.create_user("eve@example.com")
    given: dict[str, Any] = {"reason": REASON, "token": "e" * 32, "actor": team.bo}
    assert adjust_wallet(user=other, amount=Decimal(1), **given)  # so has another customer
    ManualMove.objects.update(at=timezone.now() - timedelta(days=1))
    assert team.credit("0.200001", token="c" * 32)


def test_kinds_count_together_and_taking_out_counts_like_putting_in(team: Team) -> None:
    order = team.store.active(quantity="500")
    refund_all(order_id=order.pk, agreed=Decimal("0.675"), actor=team.bo, reason=REASON)
    with pytest.raises(SecondApprovalNeededError):
        team.credit("-0.4")
    assert team.store.wallet() == 100


def test_what_failed_does_not_count(team: Team, settings: Any) -> None:
    settings.SECOND_APPROVAL_ABOVE = Decimal(500)
    with pytest.raises(Exception, match="The balance is too low"):
        team.credit("-400")
    assert not ManualMove.objects.exists()


def test_the_same_booking_again_is_no_second_one(team: Team) -> None:
    assert team.credit("0.6")
    assert not team.credit("0.6")  # would be above the limit together
    assert (team.store.wallet(), ManualMove.objects.count()) == (Decimal("100.6"), 1)


def test_one_request_waits_for_one_thing(team: Team) -> None:
    request = team.ask_credit("5")
    with pytest.raises(SecondApprovalNeededError) as needed:
        team.credit("7", token="b" * 32, actor=team.cy)
    said = keep_request(needed.value, actor=team.cy, now=timezone.now())
    assert said == "A request for this is already waiting for approval. Nothing has moved."
    assert ApprovalRequest.objects.get() == request
    withdraw(request_id=request.pk, actor=team.bo, now=timezone.now())
    assert team.ask_credit("7", token="b" * 32).state == "waiting"


def test_what_to_tell_who_asked(team: Team) -> None:
    with pytest.raises(SecondApprovalNeededError) as needed:
        team.credit("5")
    said = keep_request(needed.value, actor=team.bo, now=timezone.now())
    assert said == (
        "Amounts above $1.00 need a second approval. "
        f"Request {ApprovalRequest.objects.get().pk} waits for another member of staff. Nothing has moved yet."
    )


def test_an_order_that_moved_meanwhile_is_checked_anew(team: Team) -> None:
    store = team.store
    order = store.active()
    request = team.ask(lambda actor: refund_all(order_id=order.pk, agreed=Decimal("1.35"), actor=actor, reason=REASON))
    set_partial(order_id=order.pk, remains=100, agreed=Decimal("0.135"), actor=team.cy, reason=REASON)
    before = store.everything()
    with pytest.raises(CannotApproveError, match="The order has changed"):
        approve(request_id=request.pk, actor=team.cy)
    assert store.everything() == before
    request.refresh_from_db()
    assert (request.state, request.decided_by_id) == ("waiting", None)


def test_a_wallet_that_was_spent_meanwhile(team: Team) -> None:
    request = team.ask_credit("-99.5")
    team.store.place()
    before = team.store.everything()
    with pytest.raises(CannotApproveError, match="The balance is too low"):
        approve(request_id=request.pk, actor=team.cy)
    assert team.store.everything() == before
    request.refresh_from_db()
    assert request.state == "waiting"


def test_declined_with_a_reason(team: Team) -> None:
    request, before = team.ask_credit("5"), team.store.everything()
    now = timezone.now()
    with pytest.raises(CannotApproveError, match="Say why"):
        decline(request_id=request.pk, actor=team.cy, note=" ", now=now)
    decline(request_id=request.pk, actor=team.cy, note="Too much", now=now)
    request.refresh_from_db()
    assert (request.state, request.note, request.decided_by_id) == ("declined", "Too much", team.cy.user_id)
    closed(team, request, before)


def test_withdrawn_by_who_asked_alone(team: Team) -> None:
    request, before = team.ask_credit("5"), team.store.everything()
    with pytest.raises(CannotApproveError, match="Only the person who asked"):
        withdraw(request_id=request.pk, actor=team.cy, now=timezone.now())
    withdraw(request_id=request.pk, actor=team.bo, now=timezone.now())
    request.refresh_from_db()
    assert request.state == "withdrawn"
    closed(team, request, before)


@pytest.mark.parametrize("has_run", [True, False])
def test_after_seven_days_it_expires(team: Team, has_run: bool) -> None:
    """Whether or not the job has run by then."""
    request, before = team.ask_credit("5"), team.store.everything()
    ask_at = timezone.now()
    set_age(request, ask_at - timedelta(days=7) + timedelta(minutes=5))
    assert expire_requests(now=ask_at) == 0
    set_age(request, ask_at - timedelta(days=7))
    if has_run:
        assert expire_requests(now=ask_at) == 1
        request.refresh_from_db()
        assert (request.state, request.decided_by_id) == ("expired", None)
        closed(team, request, before)
    else:
        with pytest.raises(CannotApproveError, match="expired"):
            approve(request_id=request.pk, actor=team.cy)
        assert team.store.everything() == before


def test_what_counts_no_more_is_forgotten(team: Team) -> None:
    team.credit("0.5")
    expire_requests(now=timezone.now() + timedelta(hours=23))
    assert ManualMove.objects.count() == 1
    expire_requests(now=timezone.now() + timedelta(hours=24))
    assert not ManualMove.objects.exists()


def test_commands_and_what_a_customer_may_do_need_no_second_person(team: Team) -> None:
    order = team.store.place()
    request_cancel(order_id=order.pk, actor=team.bo, reason=REASON)
    assert team.credit("5", actor="command (root)")
    assert (team.store.wallet(), ApprovalRequest.objects.count()) == (105, 0)


def closed(team: Team, request: ApprovalRequest, before: dict[str, Any]) -> None:
    """Nothing moved, nobody is alerted any more, and it can't be approved."""
    with pytest.raises(CannotApproveError, match="already decided"):
        approve(request_id=request.pk, actor=team.cy)
    assert team.store.everything() == before
    assert not Alert.objects.filter(subject="approvals", closed_at=None).exists()
    last = AuditEvent.objects.filter(target=f"approval:{request.pk}").latest("pk")
    assert last.action == f"approval {request.state}"


def set_age(request: ApprovalRequest, at: datetime) -> None:
    ApprovalRequest.objects.filter(pk=request.pk).update(requested_at=at)
