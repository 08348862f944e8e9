"""How one provider behaves: the settings of the engine."""

from dataclasses import dataclass

LINK_BUSY = "You have active order with this link. Please wait until order being completed."


@dataclass(frozen=True, slots=True)
class Rules:
    """Shares are parts of 1 of all orders (of all refills), drawn by the seed; times are in seconds."""

    seed: int = 1
    currency: str = "USD"
    order_seconds: float = 60
    cancel_seconds: float = 0
    late_seconds: float = 60
    index_seconds: float = 0
    partial_share: float = 0
    canceled_share: float = 0
    rejected_refill_share: float = 0
    one_order_per_link: bool = False
    first_order: int = 1
    foreign_orders: int = 0
    """At most so many order ids go to other customers between two of ours."""
