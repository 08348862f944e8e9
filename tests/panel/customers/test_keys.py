"""API keys: shown once, kept as digests, opened by the right text from the right place at the right time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from panel.customers import keys
from panel.customers.keys import ApiKeyError, active_keys, authenticate_key, issue_key, revoke_key, rotate_key
from panel.customers.models import ApiKey, User
from panel.lib.commands import BadInput
from panel.ops.models import AuditEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def customer():
    return User.objects.create_user("anna@example.com")


def issue(customer, **given):
    return issue_key(**{"customer": customer, "name": "Shop", "actor": "anna@example.com", "now": NOW, **given})


def test_a_key_opens_for_its_customer_and_only_its_digest_is_kept(customer):
    issued = issue(customer)
    text = issued.secret.reveal()
    holder = authenticate_key(text=text, address="203.0.113.7", now=NOW)
    assert (holder.customer_id, holder.email, holder.key_id) == (customer.pk, "anna@example.com", issued.key.pk)
    assert not holder.is_read_only
    assert text.startswith(issued.key.prefix + "_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_apikey")
        assert text[len(issued.key.prefix) + 1 :] not in str(cursor.fetchall())
    assert text not in repr(issued)


@pytest.mark.parametrize("text", ["", "nonsense", "pk_abcdefgh_" + "a" * 42, "pk_ABCDEFGH_" + "a" * 43, "\x00" * 55])
def test_what_is_no_key_costs_no_query(text, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert authenticate_key(text=text, address="", now=NOW) is None


def test_another_secret_with_a_known_beginning_opens_nothing(customer):
    issued = issue(customer)
    assert authenticate_key(text=f"{issued.key.prefix}_{'a' * 43}", address="", now=NOW) is None
    assert authenticate_key(text=f"pk_zzzzzzzz_{'a' * 43}", address="", now=NOW) is None
    assert ApiKey.objects.get().last_used_at is None


def test_an_inactive_customer_is_not_let_in(customer):
    text = issue(customer).secret.reveal()
    User.objects.update(is_active=False)
    assert authenticate_key(text=text, address="", now=NOW) is None


def test_the_last_use_is_written_once_a_minute(customer, django_assert_num_queries):
    text = issue(customer).secret.reveal()
    with django_assert_num_queries(2):
        authenticate_key(text=text, address="", now=NOW)
    with django_assert_num_queries(1):
        authenticate_key(text=text, address="", now=NOW + timedelta(seconds=59))
    assert ApiKey.objects.get().last_used_at == NOW
    authenticate_key(text=text, address="", now=NOW + timedelta(seconds=60))
    assert ApiKey.objects.get().last_used_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("203.0.113.7", True),
        ("198.51.100.200", True),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::1", True),
        ("203.0.113.8", False),
        ("", False),
        ("not an address", False),
    ],
)
def test_a_key_may_be_kept_to_some_addresses(customer, address, opens):
    issued = issue(customer, allowed_networks=["203.0.113.7", " 198.51.100.0/24 ", "", "2001:db8::/32"])
    assert issued.key.allowed_networks == ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32"]
    assert (authenticate_key(text=issued.secret.reveal(), address=address, now=NOW) is not None) == opens


def test_a_revoked_key_opens_nothing_from_that_moment_on(customer):
    issued = issue(customer)
    for _ in range(2):
        revoke_key(key=issued.key, actor="anna@example.com", now=NOW)
    assert authenticate_key(text=issued.secret.reveal(), address="", now=NOW) is None
    assert list(active_keys(customer=customer, now=NOW)) == []
    assert list(AuditEvent.objects.order_by("pk").values_list("action", "detail")) == [
        ("API key issued", {"key": issued.key.prefix}),
        ("API key revoked", {"key": issued.key.prefix}),
    ]


def test_rotated_key_works_for_a_day(customer):
    old = issue(customer, is_read_only=True, allowed_networks=["203.0.113.7"])
    new = rotate_key(key=old.key, actor="anna@example.com", now=NOW)
    assert (new.key.name, new.key.is_read_only, new.key.allowed_networks) == ("Shop", True, ["203.0.113.7/32"])
    for moment, opens in [(NOW + keys.ROTATION - timedelta(seconds=1), True), (NOW + keys.ROTATION, False)]:
        assert (authenticate_key(text=old.secret.reveal(), address="203.0.113.7", now=moment) is not None) == opens
    assert authenticate_key(text=new.secret.reveal(), address="203.0.113.7", now=NOW + keys.ROTATION) is not None
    with pytest.raises(ApiKeyError, match="was already rotated"):
        rotate_key(key=old.key, actor="anna@example.com", now=NOW)
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "a\u202eb"])
def test_a_key_needs_a_sensible_name(customer, name):
    with pytest.raises(ApiKeyError, match="up to 60 characters"):
        issue(customer, name=name)
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.exists()


def test_invalid_network_is_refused(customer):
    with pytest.raises(ApiKeyError, match="is not an IP address"):
        issue(customer, allowed_networks=["example.com"])
    assert not ApiKey.objects.exists()


def test_number_of_keys_is_limited(customer):
    for _ in range(keys.MAX_KEYS):
        issue(customer)
    with pytest.raises(ApiKeyError, match="You can have up to 20 API keys"):
        issue(customer)
    assert ApiKey.objects.count() == 20


def test_the_command_prints_a_key_that_works(customer, capsys):
    call_command("issue_api_key", "Anna@Example.com", "--name", "Bot", "--read-only", "--allow", "203.0.113.0/24")
    text = capsys.readouterr().out.strip()
    holder = authenticate_key(text=text, address="203.0.113.9", now=datetime.now(UTC))
    assert (holder.customer_id, holder.is_read_only) == (customer.pk, True)
    assert ApiKey.objects.get().name == "Bot"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nobody@example.com"], "no active customer"),
        (["anna@example.com", "--name", ""], "Enter a name"),
        (["anna@example.com", "--allow", "x"], "not an IP address"),
    ],
)
def test_the_command_refuses_nonsense(customer, given, said):
    with pytest.raises(BadInput, match=said):
        call_command("issue_api_key", *given)
    assert not ApiKey.objects.exists()


def test_each_key_can_be_rotated_at_the_limit(customer):
    issued = [issue(customer) for _ in range(keys.MAX_KEYS)]
    new = rotate_key(key=issued[0].key, actor="anna@example.com", now=NOW)
    assert authenticate_key(text=new.secret.reveal(), address="", now=NOW) is not None
    assert ApiKey.objects.filter(ends_at=None).count() == keys.MAX_KEYS
    with pytest.raises(ApiKeyError, match="You can have up to 20 API keys"):
        issue(customer)
    last = AuditEvent.objects.order_by("pk")[20]
    assert (last.action, last.detail) == ("API key rotated", {"key": issued[0].key.prefix})


def test_number_of_rotated_keys_is_limited(customer):
    key = issue(customer).key
    for _ in range(keys.MAX_KEYS):
        key = rotate_key(key=key, actor="anna@example.com", now=NOW).key
    before = list(ApiKey.objects.order_by("pk").values())
    with pytest.raises(ApiKeyError, match="You can rotate up to 20 keys within 24 hours"):
        rotate_key(key=key, actor="anna@example.com", now=NOW)
    assert list(ApiKey.objects.order_by("pk").values()) == before
    assert rotate_key(key=key, actor="anna@example.com", now=NOW + keys.ROTATION).key.ends_at is None
