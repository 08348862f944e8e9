"""The admin's door, people, and "Adjust balance"."""

import re
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from panel.customers.keys import authenticate_key, issue_key
from panel.customers.models import User
from panel.ops.models import AuditEvent
from panel.wallet import ledger
from panel.wallet.ledger import NotEnoughFundsError
from panel.wallet.models import Account, Transfer
from tests.admin_forms import save

pytestmark = pytest.mark.django_db
USERS = "/admin/customers/user/"


@pytest.fixture
def customer() -> User:
    user = User.objects.create_user("ada@example.com", "correct horse battery")
    ledger.credit_wallet(user=user, amount=Decimal(100), key="credit:opening")
    return user


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner@example.com", "correct horse battery")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(email: str, *permissions: str) -> User:
    """A member of staff who may do what is named."""
    user = User.objects.create_user(email, "correct horse battery", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def balance(user: User) -> Decimal | None:
    return Account.objects.get(customer=user).balance


def adjust(client: Client, user: User, amount: str, *, reason: str = "Agreed by phone", token: str = "a" * 32) -> int:
    answer = client.post(
        f"/admin/wallet/account/adjust/{user.pk}/",
        {"amount": amount, "reason": reason, "token": token, "confirmed": "1"},
    )
    return answer.status_code


def test_the_admin_is_entered_through_the_sites_own_sign_in(owner: User, customer: User) -> None:
    anonymous = Client().get("/admin/", follow=True)
    assert anonymous.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    login = Client().post("/admin/login/", {"username": "owner@example.com", "password": "correct horse battery"})
    assert (login.status_code, login["Location"]) == (302, "/accounts/login/?next=/admin/")
    assert browser(customer).get("/admin/", follow=True).status_code == 404
    assert browser(owner).get("/admin/").status_code == 200
    assert browser(owner).get("/admin/login/?next=https://evil.example/")["Location"] == "/admin/"


def test_its_own_ways_to_sign_out_and_change_a_password_lead_to_the_sites(owner: User) -> None:
    client = browser(owner)
    assert client.post("/admin/logout/")["Location"] == "/accounts/logout/"
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


def test_an_adjustment_asks_then_says_what_will_happen_then_books(owner: User, customer: User) -> None:
    client, url = browser(owner), f"/admin/wallet/account/adjust/{customer.pk}/"
    token = re.search('name="token" value="([0-9a-f]{32})"', client.get(url).content.decode())
    assert token
    words = {"amount": "25.50", "reason": "Refund for ticket 7", "token": token[1]}
    page = client.post(url, words).content.decode()
    assert "Add $25.50 to the balance of ada@example.com: from $100.00 to $125.50." in page
    assert balance(customer) == 100
    answer = client.post(url, {**words, "confirmed": "1"})
    assert answer["Location"] == f"{USERS}{customer.pk}/change/"
    assert balance(customer) == Decimal("125.50")
    booked = Transfer.objects.get(key=f"adjust:{token[1]}")
    assert (booked.source.house, booked.amount, booked.note) == ("adjustment", Decimal("25.50"), "Refund for ticket 7")
    event = AuditEvent.objects.get(action="wallet.adjust")
    assert (event.actor, event.target) == ("owner@example.com", f"user:{customer.pk}")
    assert event.detail == {"amount": "25.5", "reason": "Refund for ticket 7", "transfer": f"adjust:{token[1]}"}


def test_a_double_click_books_once_also_where_the_first_emptied_the_wallet(owner: User, customer: User) -> None:
    client = browser(owner)
    assert [adjust(client, customer, "-100"), adjust(client, customer, "-100")] == [302, 302]
    assert balance(customer) == 0
    assert [adjust(client, customer, "5", token="b" * 32) for _ in range(2)] == [302, 302]
    assert balance(customer) == 5
    assert Transfer.objects.filter(key__startswith="adjust:").count() == 2
    assert AuditEvent.objects.filter(action="wallet.adjust").count() == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"amount": "-100.000001"}, "The balance is too low. Nothing was changed."),
        ({"amount": "0"}, "Enter an amount other than zero."),
        ({"amount": "1e3"}, "is not an amount"),
        ({"amount": "0.0000001"}, "more than 6 decimals"),
        ({"amount": "5", "reason": "  "}, "This field is required."),
        ({"amount": "5", "token": "x"}, "This page is out of date"),
    ],
)
def test_a_refused_adjustment_moves_nothing_and_says_why(
    owner: User, customer: User, words: dict[str, str], said: str
) -> None:
    given = {"reason": "Why", "token": "c" * 32, "confirmed": "1", **words}
    answer = browser(owner).post(f"/admin/wallet/account/adjust/{customer.pk}/", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert balance(customer) == 100
    assert Transfer.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_what_is_not_in_the_wallet_is_refused_before_it_is_confirmed(owner: User, customer: User) -> None:
    words = {"amount": "-100.01", "reason": "Why", "token": "d" * 32}
    answer = browser(owner).post(f"/admin/wallet/account/adjust/{customer.pk}/", words)
    assert answer.status_code == 422
    assert "The balance is only $100.00." in answer.content.decode()
    assert balance(customer) == 100


def test_a_debit_takes_no_more_than_there_is(customer: User) -> None:
    with pytest.raises(NotEnoughFundsError):
        ledger.debit_wallet(user=customer, amount=Decimal("100.000001"), key="adjust:x")
    assert balance(customer) == 100
    ledger.debit_wallet(user=customer, amount=Decimal(40), key="adjust:y", note="Taken back")
    assert balance(customer) == 60
    assert ledger.balance(account=ledger.house_account(house="adjustment", currency="USD")) == -60


def test_balances_are_adjusted_only_by_those_who_may(customer: User) -> None:
    support = member("support@example.com", "view_user", "change_user")
    assert adjust(browser(support), customer, "5") == 403
    assert adjust(browser(customer), customer, "5") == 302
    assert adjust(Client(), customer, "5") == 302
    assert balance(customer) == 100
    assert adjust(browser(member("money@example.com", "add_transfer")), customer, "5") == 302
    assert balance(customer) == 105


def test_the_list_shows_balance_and_orders_in_a_constant_number_of_queries(owner: User, customer: User) -> None:
    client = browser(owner)
    page = client.get(USERS).content.decode()
    assert "$100.00" in page
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(USERS)
    for number in range(100):
        user = User.objects.create(email=f"user{number}@example.com")
        ledger.credit_wallet(user=user, amount=Decimal(1), key=f"credit:{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(USERS)
    assert len(many) == len(few)


def test_customers_are_switched_off_and_on_and_staff_are_left(owner: User, customer: User) -> None:
    client = browser(owner)
    chosen = {"_selected_action": [customer.pk, owner.pk]}
    client.post(USERS, {"action": "switch_off", **chosen})
    assert [User.objects.get(pk=pk).is_active for pk in (customer.pk, owner.pk)] == [False, True]
    client.post(USERS, {"action": "switch_on", **chosen})
    assert User.objects.get(pk=customer.pk).is_active is True
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "target")) == [
        ("user.deactivate", f"user:{customer.pk}"),
        ("user.activate", f"user:{customer.pk}"),
    ]


def test_customers_are_signed_out_everywhere_and_staff_by_a_superuser_alone(owner: User, customer: User) -> None:
    helper = member("helper@example.com", "view_user", "change_user")
    inside, chosen = browser(customer), {"_selected_action": [customer.pk, owner.pk]}
    browser(helper).post(USERS, {"action": "sign_out", **chosen})
    assert inside.get("/account/").status_code == 302
    assert [User.objects.get(pk=pk).sessions_ended for pk in (customer.pk, owner.pk)] == [1, 0]
    browser(owner).post(USERS, {"action": "sign_out", "_selected_action": [helper.pk]})
    assert User.objects.get(pk=helper.pk).sessions_ended == 1
    assert list(AuditEvent.objects.order_by("pk").values_list("actor", "action", "target")) == [
        (helper.email, "sessions ended", f"customer:{customer.pk}"),
        (owner.email, "sessions ended", f"customer:{helper.pk}"),
    ]


def test_nobody_is_deleted(owner: User, customer: User) -> None:
    client = browser(owner)
    assert client.post(f"{USERS}{customer.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(USERS, {"action": "delete_selected", "_selected_action": [customer.pk], "post": "yes"})
    assert User.objects.filter(pk=customer.pk).exists()


def test_a_helper_cannot_make_himself_or_a_friend_more_than_they_are(owner: User, customer: User) -> None:
    helper = member("helper@example.com", "view_user", "change_user", "add_user", "change_group", "add_group")
    client = browser(helper)
    powers = {"is_staff": "on", "is_superuser": "on", "is_active": "on", "name": "Ada"}
    assert save(client, f"{USERS}{customer.pk}/change/", powers).status_code == 302
    changed = User.objects.get(pk=customer.pk)
    assert (changed.name, changed.is_staff, changed.is_superuser, changed.email) == (
        "Ada",
        False,
        False,
        "ada@example.com",
    )
    for staff in (helper, owner):
        assert client.post(f"{USERS}{staff.pk}/change/", powers).status_code == 403
    client.post(f"{USERS}add/", {"email": "friend@example.com", "is_staff": "on"})
    assert User.objects.get(email="friend@example.com").is_staff is False
    assert client.post("/admin/auth/group/add/", {"name": "All"}).status_code == 403
    assert not Group.objects.exists()


def test_a_superuser_adds_a_member_of_staff_who_can_sign_in(owner: User) -> None:
    words = {"email": "New@Example.com ", "name": "New", "password": "a long pass phrase", "is_staff": "on"}
    browser(owner).post(f"{USERS}add/", words)
    added = User.objects.get(email="new@example.com")
    assert added.is_staff
    assert added.check_password("a long pass phrase")
    assert EmailAddress.objects.get(user=added).verified
    again = browser(owner).post(f"{USERS}add/", {**words, "email": "NEW@example.com"})
    assert "A user with this email already exists." in again.content.decode()
    assert User.objects.count() == 2


def test_second_factors_show_no_secret_and_a_superuser_removes_a_lost_one(owner: User, customer: User) -> None:
    factor = Authenticator.objects.create(user=customer, type="totp", data={"secret": "CANARYSECRET"})
    url = f"/admin/mfa/authenticator/{factor.pk}/"
    assert "CANARYSECRET" not in browser(owner).get(f"{url}change/").content.decode()
    helper = browser(member("helper@example.com", "view_authenticator", "delete_authenticator"))
    assert helper.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    browser(owner).post(f"{url}delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get().action == "authenticator.delete"


def test_staff_end_a_customers_api_key(client: Client) -> None:
    owner = User.objects.create_superuser("owner@example.com", "correct horse battery")
    client.force_login(owner)
    customer = User.objects.create_user("anna@example.com")
    issued = issue_key(customer=customer, name="Bot", actor="anna@example.com", now=timezone.now())
    page = client.get("/admin/customers/apikey/").content.decode()
    assert issued.key.prefix in page
    assert issued.secret.reveal() not in page
    client.post("/admin/customers/apikey/", {"action": "revoke", "_selected_action": [issued.key.pk]})
    assert authenticate_key(text=issued.secret.reveal(), address="", now=timezone.now()) is None


def test_a_role_that_may_only_look_ends_no_key(client: Client) -> None:
    member = User.objects.create_user("eyes@example.com", is_staff=True)
    member.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client.force_login(member)
    issued = issue_key(customer=member, name="Bot", actor="test", now=timezone.now())
    client.post("/admin/customers/apikey/", {"action": "revoke", "_selected_action": [issued.key.pk]})
    assert authenticate_key(text=issued.secret.reveal(), address="", now=timezone.now()) is not None
