"""The figures of a report: what can be added up of transfers, and what follows from it. Pure."""

from dataclasses import dataclass, fields
from decimal import Decimal

from panel.lib.money import ZERO


@dataclass(slots=True)
class ReportTotals:
    """Amounts in the shop's currency, but for the last two, which are in the provider's and only a provider has."""

    orders: int = 0
    charged: Decimal = ZERO
    refunded: Decimal = ZERO
    revenue: Decimal = ZERO
    cost: Decimal = ZERO
    lost: Decimal = ZERO
    topped_up: Decimal = ZERO
    adjusted: Decimal = ZERO
    own_cost: Decimal = ZERO
    deposited: Decimal = ZERO

    @property
    def profit(self) -> Decimal:
        return self.revenue - self.cost - self.lost

    @property
    def margin(self) -> Decimal | None:
        """The profit in per cent of the revenue, for reading alone; None where there is no revenue."""
        return self.profit * 100 / self.revenue if self.revenue > 0 else None

    def add(self, name: str, amount: Decimal | int) -> None:
        """Add to one figure."""
        setattr(self, name, getattr(self, name) + amount)

    def add_all(self, other: "ReportTotals") -> None:
        """Add every figure of another day or subject."""
        for name in NAMES:
            self.add(name, getattr(other, name))


NAMES = tuple(field.name for field in fields(ReportTotals))
