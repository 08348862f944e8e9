"""The shop under the machine: two providers within the process, two customers, and the model of every order in it.

A step does one thing to the shop and says which lives the orders may have after it; `settle` looks which they have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.utils import timezone

from orders.models import Attempt, Cancellation, Order
from panel.customers.models import User
from panel.lib.secret import Secret
from panel.wallet import ledger
from panel.wallet.models import PaymentMethod
from providers.adapters.registry import ADAPTERS
from providers.catalog.markups import set_markup
from providers.catalog.models import Backup, Service
from providers.catalog.publishing.refresh import refresh_provider
from providers.connection.register import register_provider
from providers.models import PROBES_TO_TRUST, Provider, UpstreamService
from tests.machine.dying import Deaths, Died
from tests.machine.life import Life
from tests.machine.upstream import UPSTREAMS, Given, MachineAdapter, Upstream

RATES = {
    "North": {
        "1": [Decimal("0.907"), Decimal("0.451"), Decimal("1.467"), Decimal("1.2")],
        "2": [Decimal("0.333333"), Decimal("0.53")],
    },
    "South": {"1": [Decimal("0.95"), Decimal("1.31")]},
}
"""What each provider asks per 1000, and what it may ask later: by leaps, which put it in doubt, and by steps."""
EXCHANGE = {"North": Decimal(1), "South": Decimal("1.1")}
FUNDS = {"ada": Decimal(4), "bob": Decimal("2.5")}
START = datetime(2030, 1, 1, tzinfo=UTC)
WORD = "as found there"
"""The reason that staff give for whatever they decide."""
Lives = Mapping[int, Sequence[Life]]


def micro(amount: Decimal) -> int:
    whole = int(amount.scaleb(6))
    assert amount.scaleb(6) == whole
    return whole


def price(rate: Decimal, quantity: int) -> int:
    """Millionths for that many at a rate per 1000, rounded up."""
    return -(-micro(rate) * quantity // 1000)


@dataclass
class World:
    """Made anew for every example, inside a transaction that is rolled back after it."""

    deaths: Deaths = field(default_factory=Deaths)
    lives: dict[int, Life] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """The tags of the orders that reached a provider during this step."""
    open_before: dict[str, bool] = field(default_factory=dict)
    """By provider: whether orders might be sent there when the step began."""
    paid_in: dict[str, int] = field(default_factory=dict)
    wishes: dict[int, str] = field(default_factory=dict)
    """By top-up: whose it is."""
    decided: set[int] = field(default_factory=set)
    tokens: dict[tuple[str, str], int] = field(default_factory=dict)
    given: dict[tuple[int, int], Given] = field(default_factory=dict)
    """By order and number of the try: what the provider answered."""
    pages: dict[tuple[str, str], dict[int, tuple[str, str, int]]] = field(default_factory=dict)
    """By customer and token of a mass order: of each line its tag, its text and its quantity."""
    reordered: dict[int, int] = field(default_factory=dict)
    exchange_rates: dict[str, Decimal] = field(default_factory=lambda: dict(EXCHANGE))
    tags: int = 0

    def __post_init__(self) -> None:
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        ADAPTERS["machine"] = MachineAdapter  # type: ignore[assignment]
        self.upstreams, self.providers = {}, {}
        for name in RATES:
            self._connect(name)
        set_markup(percent=Decimal(50))
        Backup.objects.create(service=self.service("1"), upstream=self._mirror("South", "1"))
        self.customers = {name: User.objects.create_user(f"{name}@example.com") for name in FUNDS}
        for name, user in self.customers.items():
            ledger.credit_wallet(user=user, amount=FUNDS[name], key=f"credit:{name}")
            self.paid_in[name] = micro(FUNDS[name])
        self.method = PaymentMethod.objects.create(name="Bank", instructions="Pay.")

    def close(self) -> None:
        self.clock.stop()
        del ADAPTERS["machine"]
        UPSTREAMS.clear()

    def _connect(self, name: str) -> None:
        rates = {external_id: asked[0] for external_id, asked in RATES[name].items()}
        upstream = Upstream(
            name, rates, self.deaths, lambda tag: self._on_add(name, tag), self._on_given, lambda: self._linked(name)
        )
        url = f"https://{name.lower()}.example/api/v2"
        new_services = "all" if name == "North" else "review"
        provider = register_provider(
            name=name,
            url=url,
            key=Secret("k" * 20),
            currency="USD",
            exchange_rate=EXCHANGE[name],
            new_services=new_services,
        )
        # One where evidence may decide by itself, and one where no doubt is looked into.
        provider.adapter, provider.probing = "machine", "adopt" if name == "North" else "off"
        provider.probes_right = PROBES_TO_TRUST
        provider.save()
        UPSTREAMS[url] = self.upstreams[name] = upstream
        self.providers[name] = provider
        refresh_provider(provider_id=provider.pk, now=timezone.now())

    # --- Looking --------------------------------------------------------------------------------------------------
    def now(self) -> datetime:
        return timezone.now()

    def service(self, external_id: str) -> Service:
        return Service.objects.get(upstream__provider__name="North", upstream__external_id=external_id)

    def _mirror(self, name: str, external_id: str) -> UpstreamService:
        return UpstreamService.objects.get(provider__name=name, external_id=external_id)

    def reload(self, name: str) -> Provider:
        return Provider.objects.get(name=name)

    def asked(self, name: str, external_id: str, quantity: int) -> int:
        """What so many cost there now, as far as we know."""
        return price(self._mirror(name, external_id).rate, quantity)

    def sale(self, external_id: str) -> int:
        """What 1000 of North's service cost a customer."""
        return -(-self.in_shop("North", micro(self._mirror("North", external_id).rate)) * 3 // 2)

    def in_shop(self, name: str, cost: int) -> int:
        """A cost there in the shop's currency, rounded up."""
        return -(-cost * micro(self.exchange_rates[name]) // 10**6)

    def new_tag(self) -> str:
        self.tags += 1
        return f"https://example.com/{self.tags}"

    def would_cost(self, life: Life) -> int:
        return self.asked(life.provider, life.service, life.quantity)

    def is_in_doubt(self, life: Life) -> bool:
        """Whether what its provider lists under that number is not known to be what was sold."""
        mirror = self._mirror(life.provider, life.service)
        return mirror.review_reason != "" or mirror.missing >= 2

    def is_at_loss(self, life: Life) -> bool:
        return self.in_shop(life.provider, self.would_cost(life)) > life.charge

    def is_hindered(self, life: Life) -> bool:
        """Whether something about the order itself speaks against sending it."""
        return self.is_at_loss(life) or self.is_in_doubt(life) or self.is_unwanted(life.pk)

    def is_unwanted(self, pk: int) -> bool:
        """Whether a cancel of it is asked for and not answered."""
        return Cancellation.objects.filter(order=pk, state__in=Cancellation.OPEN).exists()

    def rivals(self, life: Life) -> list[Life]:
        """Orders of the same cost in flight or in doubt where doubts are looked into."""
        costs = {life.expected, self.would_cost(life)}
        gated = [one for one in self.lives.values() if one.state in {"SENDING", "UNCONFIRMED"} and one.pk != life.pk]
        return [one for one in gated if one.provider == life.provider == "North" and one.expected in costs]

    def wallet(self, name: str) -> int:
        balance = ledger.wallet_of(user=self.customers[name]).balance
        assert balance is not None
        return micro(balance)

    def _linked(self, name: str) -> set[str]:
        return {one.external for one in self.lives.values() if one.external and one.provider == name}

    def upstream_service_for(self, life: Life) -> Upstream:
        return self.upstreams[life.provider]

    def having(self, life: Life) -> list[Any]:
        """What all the providers have for it."""
        return [bought for upstream in self.upstreams.values() for bought in upstream.having(life.tag)]

    def observed(self) -> dict[int, tuple[Any, ...]]:
        """Every order as it is in the database, in the shape of `Life.seen`."""
        tries: dict[int, list[str | None]] = {}
        for order_id, outcome in Attempt.objects.order_by("order", "number").values_list("order", "outcome"):
            tries.setdefault(order_id, []).append(outcome)
        names = {provider.pk: name for name, provider in self.providers.items()}
        return {
            one.pk: (
                one.state,
                *map(micro, (one.charge, one.refunded, one.captured, one.cost, one.expected_cost)),
                one.provider_order_id,
                names[one.provider_id],
                tuple(tries.get(one.pk, ())),
                one.attention,
                one.applied_at,
            )
            for one in Order.objects.all()
        }

    # --- Stepping -------------------------------------------------------------------------------------------------
    def do(self, call: Callable[[], Any], lives: Callable[[], Lives], *, die: int | None = None) -> Any:
        """Do it, by a worker that may die at that event; what it came to, or None where it died.

        `lives` gives, after it, the lives that the orders it touched may have now, the foremost being the one they must
        have where nobody died. All others are as they were.
        """
        self.time.shift(1)
        self.sent.clear()
        now = self.now()
        for name in self.providers:
            one = self.reload(name)
            self.open_before[name] = one.is_active and not one.paused_reason and (one.breaker_open_until or now) <= now
        try:
            with self.deaths.expected(die):
                result = call()
        except Died:
            before = {pk: [life] for pk, life in self.lives.items()}
            self._adopt({pk: [*found, *before.get(pk, [])] for pk, found in lives().items()})
            return None
        self._adopt({pk: found[:1] for pk, found in lives().items()})
        return result

    def _adopt(self, lives: Lives) -> None:
        observed = self.observed()
        assert set(observed) == set(self.lives) | set(lives), "an order nobody expected, or one is gone"
        for pk, seen in observed.items():
            possible = lives.get(pk) or [self.lives[pk]]
            found = next((life for life in possible if life.seen == seen), None)
            assert found is not None, f"order {pk} is {seen}\nmay be {[life.seen for life in possible]}"
            self.lives[pk] = found

    def _on_add(self, name: str, tag: str) -> None:
        """The moment before a provider gets an order: everything that makes it safe has been committed."""
        life = next(life for life in self.lives.values() if life.tag == tag)
        order = Order.objects.get(pk=life.pk)
        attempts = list(order.attempts.order_by("number"))
        assert self.deaths.is_between_transactions, "a transaction is open while the provider is called"
        assert (order.state, order.provider_id) == ("SENDING", self.providers[name].pk)
        assert attempts[-1].outcome is None, "sent without an open attempt"
        assert attempts[-1].lease_until > self.now() + timedelta(seconds=30), "the lease ends before the answer can"
        assert tag not in self.sent, "sent twice"
        assert self.open_before[name], "sent to a provider that is closed"
        there = replace(life, provider=name)
        assert not self.is_in_doubt(there), "bought though it may be something else now"
        assert not self.is_unwanted(life.pk), "bought though a cancel of it is asked for"
        assert not self.is_at_loss(there), "bought for more than it was sold for"
        if name == "North":
            beside = Order.objects.filter(provider=order.provider, expected_cost=order.expected_cost).exclude(
                pk=life.pk
            )
            assert not beside.filter(state__in=["SENDING", "UNCONFIRMED"]).exists(), "sent beside a doubt of its cost"
        self.sent.append(tag)

    def _on_given(self, tag: str, outcome: Given) -> None:
        life = next(life for life in self.lives.values() if life.tag == tag)
        self.given[life.pk, Attempt.objects.filter(order=life.pk).count() - 1] = outcome
