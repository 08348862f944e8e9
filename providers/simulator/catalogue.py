"""A believable price list of any length, grown from a seed: the same seed and id always give the same service."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from providers.simulator import chance
from providers.simulator.products import PRODUCTS, Product

QUALITIES = ("Real", "High quality", "Mixed", "Active accounts", "Premium", "Old accounts", "Real & active", "Economy")
SPEEDS = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
REGIONS = ("", "", "", "", "", "USA", "UK", "Brazil", "Turkey", "Germany", "India", "Arab", "Indonesia", "Spain")
STARTS = ("instant", "0-15 minutes", "0-1 hour", "0-3 hours", "0-6 hours", "0-12 hours")
REFILLS = (0, 0, 7, 15, 30, 30, 60, 90, 365)
MINIMUMS = (10, 20, 50, 100, 100, 200, 500)
MAXIMUMS = (1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
MARKS = ("", "", "", "", "", "", "", "🔥 ", "⚡ ", "⭐ ", "💎 ", "♻️ ")


@dataclass(slots=True)
class Service:
    """One row of the price list. The fields may be set to nonsense on purpose: they are answered as they stand."""

    id: str
    name: str
    type: str
    category: str
    rate: Any
    min: Any
    max: Any
    refill: bool = False
    cancel: bool = False
    dripfeed: bool = False
    description: str = ""
    average_time: str = ""
    place: int = field(default=0, compare=False)

    def row(self) -> dict[str, Any]:
        """The service as the protocol lists it."""
        return {
            "service": int(self.id) if self.id.isdigit() else self.id,
            "name": self.name,
            "type": self.type,
            "category": self.category,
            "rate": self.rate,
            "min": self.min,
            "max": self.max,
            "refill": self.refill,
            "cancel": self.cancel,
            "dripfeed": self.dripfeed,
            "description": self.description,
            "average_time": self.average_time,
        }


def make_services(*, count: int, seed: int) -> list[Service]:
    """`count` services with the ids 1 to `count`, grouped by platform and category as a shop lists them."""
    services = [_make_service(number, seed) for number in range(1, count + 1)]
    return sorted(services, key=lambda service: (service.place, int(service.id)))


_WEIGHED = [product for product in PRODUCTS for _ in range(product.weight)]
_PLACES = {product: place for place, product in enumerate(PRODUCTS)}


def _make_service(number: int, seed: int) -> Service:
    dice = _throws(seed, number)
    product = _WEIGHED[next(dice) % len(_WEIGHED)]
    quality, speed = QUALITIES[next(dice) % len(QUALITIES)], SPEEDS[next(dice) % len(SPEEDS)]
    region, start = REGIONS[next(dice) % len(REGIONS)], STARTS[next(dice) % len(STARTS)]
    refill = REFILLS[next(dice) % len(REFILLS)] if product.lasts else 0
    minimum, maximum = _limits(product, next(dice), next(dice))
    extras = next(dice)
    service = Service(
        id=str(number),
        name=MARKS[extras % len(MARKS)] + _name(product, quality, region, refill, speed, maximum),
        type=product.type,
        category=f"{product.platform} {product.category}",
        rate=_rate(product, next(dice), bool(region), refill),
        min=str(minimum),
        max=str(maximum),
        refill=refill > 0,
        cancel=extras % 5 < 3,
        dripfeed=product.type == "Default" and extras % 3 == 0,
        place=_PLACES[product],
    )
    service.average_time = _duration(maximum, speed, next(dice))
    service.description = _describe(product, service, quality=quality, speed=speed, start=start, refill=refill)
    return service


def _throws(seed: int, number: int) -> Iterator[int]:
    throw = 0
    while True:
        yield chance.number("service", seed, number, throw)
        throw += 1


def _limits(product: Product, low: int, high: int) -> tuple[int, int]:
    if product.is_package:
        return 1, 1
    if product.type in ("Custom Comments", "Comment Replies", "Mentions Custom List"):
        return (1, 5, 10)[low % 3], (100, 500, 1_000, 1_500, 5_000)[high % 5]
    minimum, maximum = MINIMUMS[low % len(MINIMUMS)], MAXIMUMS[high % len(MAXIMUMS)]
    return minimum, max(maximum, minimum * 10)


def _rate(product: Product, throw: int, has_region: bool, refill: int) -> str:
    """Between the product's cheapest and dearest, in whole thousandths, with no more digits than a shop would show."""
    low, high = int(Decimal(product.low) * 1000), int(Decimal(product.high) * 1000)
    span = throw % 1000
    thousandths = low + (high - low) * span * span // 1_000_000  # squared: most services are cheap
    if has_region:
        thousandths = thousandths * 3 // 2
    thousandths += thousandths * refill // 400
    thousandths = min(max(thousandths, 10), 50_000)
    step = 1 if thousandths < 100 else 10 if thousandths < 10_000 else 50
    rate = Decimal(thousandths // step * step).scaleb(-3)
    return f"{rate:.3f}" if rate % Decimal("0.01") else f"{rate:.2f}"


def _name(product: Product, quality: str, region: str, refill: int, speed: int, maximum: int) -> str:
    parts = [f"{product.platform} {product.name}"]
    parts += [region] if region else []
    parts += [quality]
    if product.lasts:
        parts += [f"{refill} days refill" if refill else "No refill"]
    if not product.is_package:
        parts += [f"Max {_short(maximum)}", f"{_short(speed)}/day"]
    return " | ".join(parts)


def _describe(product: Product, service: Service, *, quality: str, speed: int, start: str, refill: int) -> str:
    rows = [f"Link: {product.link}", f"Start: {start}", f"Speed: up to {_short(speed)} a day", f"Quality: {quality}"]
    if product.lasts:
        rows += [f"Refill: {refill} days, when the count falls" if refill else "Refill: none; a few may drop"]
    rows += ["An active order can be canceled; the undelivered part is refunded."] if service.cancel else []
    rows += ["Keep the account public, and place one order a link at a time."]
    return "\n".join(rows)


def _duration(maximum: int, speed: int, throw: int) -> str:
    minutes = 4 + throw % 600 + min(maximum * 60 // speed, 1200)
    hours, rest = divmod(minutes, 60)
    return " ".join(
        ([f"{hours} hour{'s' * (hours != 1)}"] if hours else [])
        + ([f"{rest} minute{'s' * (rest != 1)}"] if rest else [])
    )


def _short(number: int) -> str:
    if number >= 1_000_000:
        return f"{number // 1_000_000}M"
    return f"{number // 1_000}K" if number >= 1_000 else str(number)
