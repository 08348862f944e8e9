"""What a way to add money has to say. Gateways know neither the ledger nor the pages: deposits do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Ask:
    """What a customer filled in. `picture` is the beginning of the file they sent, empty where they sent none."""

    amount: Decimal
    reference: str
    picture: bytes = b""


class BadAskError(Exception):
    """The wish cannot be taken so. `field` names what is wrong with it; empty: the whole of it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Gateway(ABC):
    """One way for money to come in. With `needs_staff`, a person says what came; else the gateway itself does."""

    name: str
    needs_staff: bool

    @abstractmethod
    def check(self, ask: Ask) -> None:
        """Raises BadAskError for what this gateway cannot work with."""
