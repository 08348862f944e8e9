"""What every provider adapter offers: typed questions and answers, no models. Amounts are in the provider's money."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any

from providers.adapters.errors import AdapterError, Evidence
from providers.adapters.fingerprint import fingerprint

SERVICE_FIELDS = (
    "name",
    "type",
    "raw_type",
    "category",
    "rate",
    "min",
    "max",
    "refill",
    "cancel",
    "dripfeed",
    "description",
    "average_time",
)
"""The fields of a service that are kept, in the order of every tuple of its values."""
service_values: Any = attrgetter(*SERVICE_FIELDS)


class ReportedStatus(StrEnum):
    """An order's status as the document says it; every other word is UNKNOWN and moves no money."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    PARTIAL = "Partial"
    CANCELED = "Canceled"
    PAUSED = "Paused"
    EXPIRED = "Expired"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class ReportedRefillStatus(StrEnum):
    PENDING = "Pending"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    REJECTED = "Rejected"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class AddRequest:
    """An order to buy: the document's parameters beside key and action, such as service, link and quantity."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """The provider took the order under this id."""

    order_id: str
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service as listed. `rate` is per 1000, or per package; `type` is the document's word, empty when not known.

    `fingerprint` is that of all values but the id.
    """

    external_id: str
    name: str
    type: str
    raw_type: str
    category: str
    rate: Decimal
    min: int
    max: int
    refill: bool
    cancel: bool
    dripfeed: bool
    description: str
    average_time: str
    fingerprint: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fingerprint", fingerprint(service_values(self)))


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An invalid row of the list, and what is wrong with it."""

    external_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ServiceList:
    """`digest` names the body, so that an identical one need not be read again.

    `currencies` are those that the list names; most lists name none.
    """

    services: Sequence[ServiceRow]
    rejected: Sequence[RejectedRow]
    digest: str
    currencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """None stands for "the provider did not say, or not in numbers"."""

    external_id: str
    word: ReportedStatus
    raw: str
    charge: Decimal | None
    start_count: int | None
    remains: int | None
    currency: str
    runs: int | None = None
    posts: int | None = None
    children: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RefillStatus:
    external_id: str
    word: ReportedRefillStatus
    raw: str


@dataclass(frozen=True, slots=True)
class ItemError:
    """The provider's error for one id of a batch."""

    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A cancel request was taken; only a later status says what became of it."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Our money there; `currency` is empty where the provider names none."""

    amount: Decimal
    currency: str


Recorder = Callable[[str, str, float], None]
"""Hears of every call: its action, how it went in a word, and its seconds. It must not raise."""


class ProviderAdapter(ABC):
    """One provider, one thread. Reads raise RetryLater; `add` raises Refused, NotPlaced or OutcomeUnknown.

    Batches hold at most `batch_size` ids (ValueError above); ids missing from an answer are missing from the mapping.
    """

    batch_size = 100
    record: Recorder | None = None

    @abstractmethod
    def services(self, *, unless_digest: str = "") -> ServiceList | None:
        """All services, or None when the body's digest is `unless_digest`."""

    @abstractmethod
    def add(self, *, request: AddRequest, deadline: float) -> Placed:
        """Buy, once, on a fresh connection. Nothing is sent and no answer awaited after `deadline` (time.monotonic)."""

    @abstractmethod
    def status(self, *, order_id: str) -> OrderStatus | ItemError: ...

    @abstractmethod
    def statuses(self, *, order_ids: Sequence[str]) -> dict[str, OrderStatus | ItemError]: ...

    @abstractmethod
    def refill(self, *, order_id: str) -> str | ItemError:
        """Ask for a refill; its id."""

    @abstractmethod
    def refills(self, *, order_ids: Sequence[str]) -> dict[str, str | ItemError]:
        """Ask for refills; for each order the refill's id."""

    @abstractmethod
    def refill_status(self, *, refill_id: str) -> RefillStatus | ItemError: ...

    @abstractmethod
    def refill_statuses(self, *, refill_ids: Sequence[str]) -> dict[str, RefillStatus | ItemError]: ...

    @abstractmethod
    def cancels(self, *, order_ids: Sequence[str]) -> dict[str, Accepted | ItemError]: ...

    @abstractmethod
    def balance(self) -> Balance: ...

    @abstractmethod
    def close(self) -> None: ...

    @contextmanager
    def _recorded(self, action: str) -> Iterator[None]:
        """Around everything that one call is."""
        started, outcome = time.monotonic(), "error"
        try:
            yield
            outcome = "ok"
        except AdapterError as error:
            outcome = error.word
            raise
        finally:
            if self.record is not None:
                self.record(action, outcome, time.monotonic() - started)
