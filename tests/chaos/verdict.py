"""The end of a run: everything that may be wrong, looked at once, and the figures to print."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from orders.accounting.reconcile import read_balance
from orders.models import Order, UnmatchedOrder
from providers.models import Provider
from tests.chaos import figures
from tests.chaos.books import read_books
from tests.chaos.canary import find_canaries
from tests.chaos.customers import Book
from tests.chaos.services import World
from tests.chaos.shop import Shop
from tests.chaos.truth import DOUBTFUL, FAULTS, Books, find_faults
from tests.chaos.watch import Watch


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: every fault, by category, and the lines to print."""

    faults: dict[str, list[str]]
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen and done during a run."""

    book: Book
    watch: Watch
    blows: Counter[str]
    verdicts: Counter[str]
    whims: int
    played: Mapping[str, int]
    is_drained: bool


def judge_run(*, world: World, shop: Shop, run: Run) -> Outcome:
    """Compare the books, and all that was watched during the run."""
    books = read_books(world=world, shop=shop, book=run.book)
    wrong, canaries = figures.contradicted(), find_canaries(world)
    others = {
        "books do not add up": run.watch.differences() + run.watch.problems() or _unwatched(run.watch),
        "strange answers": run.book.strange + _missing(world, run.book),
        "not ended": [] if run.is_drained else [f"{state}: {count}" for state, count in _states().items()],
        "too slow": _slow(world),
        "wrong verdicts of the evidence": [f"{wrong} contradicted"] * bool(wrong),
        "drift": _drift(),
        "unmatched orders": _unmatched_orders(),
        "canary": canaries,
    }
    faults = find_faults(books)
    lines = [*_lines(books, run, faults), f"canaries {len(canaries)}"]
    return Outcome(faults | {name: texts for name, texts in others.items() if texts}, lines)


def _unwatched(watch: Watch) -> list[str]:
    """A check that did not run finds nothing."""
    return [] if watch.recounts() else ["the books were never recounted"]


def _missing(world: World, book: Book) -> list[str]:
    """Wishes that nobody came to: a customer's thread broke."""
    missing = world.plan.orders - len(book.wishes)
    return [f"{missing} wishes were not wished"] if missing else []


def _states() -> Counter[str]:
    return Counter(Order.objects.values_list("state", flat=True))


def _slow(world: World) -> list[str]:
    """Doubts that showed or were decided later than promised; said only of as many as a percentile needs."""
    surface, decide = figures.times_of_doubts()
    shown, decided = figures.percentile(surface, 0.99), figures.percentile(decide, 0.95)
    is_late = len(surface) >= 100 and shown > figures.SURFACE_LIMIT
    is_undecided = len(decide) >= 20 and decided > world.plan.settle + figures.DECIDE_LIMIT
    late = [f"a doubt showed after {shown:.0f} s"] * is_late
    return late + [f"a doubt was decided after {decided:.0f} s"] * is_undecided


def _drift() -> list[str]:
    """What the panel itself cannot explain of the providers' balances."""
    readings = [read_balance(provider=provider) for provider in Provider.objects.order_by("pk")]
    return [f"{reading.provider}: {reading.drift}" for reading in readings if reading.drift]


def _unmatched_orders() -> list[str]:
    """What was found at the providers and is in no order: everything there was bought by the panel itself."""
    return [
        f"{orphan}: {orphan.status}"
        for orphan in UnmatchedOrder.objects.exclude(verdict=UnmatchedOrder.Verdict.ADOPTED)
    ]


def _lines(books: Books, run: Run, faults: Mapping[str, list[str]]) -> list[str]:
    book = run.book
    doors = Counter(wish.door for wish in book.wishes)
    asked = sum(wish.asked for wish in book.wishes)
    slowest = figures.percentile([wish.seconds for wish in book.wishes], 0.99)
    in_doubt = sum(order.state in DOUBTFUL for order in books.ours)
    return [
        f"wishes {len(book.wishes)} ({_words(doors)}), asked {asked} times, confirmed {book.confirmed}, "
        f"refused {sum(bool(wish.refused) for wish in book.wishes)}, p99 {slowest:.1f} s; also {_words(book.requests)}",
        f"orders {len(books.ours)}, debits {figures.debits()}, bought {len(books.bought)}: {_words(_states())}",
        f"kills and more {run.blows.total()}: {_words(run.blows)}",
        f"faults of the providers {sum(run.played.values())}: {_words(run.played)}",
        f"minds changed after the end {run.whims}",
        *figures.lines_of_doubts(),
        f"verdicts of staff: {_words(run.verdicts)}; left in doubt {in_doubt}",
        f"recounts {run.watch.recounts()}, differences {len(run.watch.differences())}",
        "; ".join(f"{name} {len(faults.get(name, ()))}" for name in FAULTS),
    ]


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
