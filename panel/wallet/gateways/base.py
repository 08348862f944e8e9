"""The interface of payment gateways. Gateways know neither the ledger nor the pages: deposits do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DepositReport:
    """What a customer reported. `picture` is the beginning of the image, empty if there is none."""

    amount: Decimal
    reference: str
    picture: bytes = b""


class InvalidDepositError(Exception):
    """The deposit is not valid. `field` is the form field with the problem, or empty. The message is for people."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Gateway(ABC):
    """A payment gateway. With `needs_staff`, staff confirm the payment; else the gateway does."""

    name: str
    needs_staff: bool

    @abstractmethod
    def check(self, report: DepositReport) -> None:
        """Raises InvalidDepositError if this gateway cannot accept the report."""
