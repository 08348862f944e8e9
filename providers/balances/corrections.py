"""Records corrections that explain a balance drift: money that moved without an order. Called by staff's pages."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from providers.balances.deposits import deposits_and_corrections
from providers.balances.losses import record_loss
from providers.models import BalanceReading, Provider


class CorrectionError(Exception):
    """The correction cannot be recorded; nothing moved. The message is for people."""


@dataclass(frozen=True, slots=True)
class CorrectionType:
    """A cause of a drift, and the internal account that it is recorded against."""

    slug: str
    label: str | Promise
    house: str
    for_surplus: bool
    for_shortage: bool

    def fits(self, drift: Decimal) -> bool:
        return (drift > 0 and self.for_surplus) or (drift < 0 and self.for_shortage)


CORRECTION_TYPES = (
    CorrectionType("topup", _lazy("Top-up that was not recorded"), ledger.ADJUSTMENT, True, False),
    CorrectionType("bonus", _lazy("Bonus or credit from the provider"), ledger.LOSS, True, False),
    CorrectionType("by_hand", _lazy("Orders placed outside the panel"), ledger.LOSS, False, True),
    CorrectionType("price", _lazy("Price correction by the provider"), ledger.LOSS, True, True),
    CorrectionType("unknown", _lazy("Unknown cause"), ledger.SUSPENSE, True, True),
)


def correction_types_for(*, drift: Decimal) -> list[CorrectionType]:
    """The causes that fit this drift."""
    return [kind for kind in CORRECTION_TYPES if kind.fits(drift)]


def record_correction(*, provider: Provider, reading_id: int, slug: str, reason: str, actor: str) -> Decimal:
    """Record the whole drift of the latest reading, with an audit entry; returns the amount.

    A drift is recorded once, and only if nothing else was recorded since the reading. Raises CorrectionError.
    """
    explanation = next((known for known in CORRECTION_TYPES if known.slug == slug), None)
    if not reason.strip():
        raise CorrectionError(_("Enter a note."))
    try:
        with transaction.atomic(durable=True):
            reading = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk").first()
            if reading is None or reading.pk != reading_id:
                raise CorrectionError(_("The balance was updated meanwhile. Review it again."))
            if explanation is None or not explanation.fits(reading.drift):
                raise CorrectionError(_("This cause does not fit the drift."))
            if deposits_and_corrections(provider=provider).filter(created_at__gte=reading.at).exists():
                raise CorrectionError(_("Another transfer was recorded since this reading. Refresh the balance first."))
            _book(provider, reading, explanation, reason.strip(), actor)
            drift: Decimal = reading.drift
    except IntegrityError:
        raise CorrectionError(_("This correction was already recorded. Nothing was recorded again.")) from None
    return drift


def _book(provider: Provider, reading: BalanceReading, explanation: CorrectionType, reason: str, actor: str) -> None:
    key, note = f"drift:{reading.pk}", f"{explanation.label}: {reason}"
    if explanation.house == ledger.LOSS:
        record_loss(provider=provider, amount=-reading.drift, key=key, note=note)
    else:
        ledger.record_deposit(
            account=provider.account,
            currency=provider.currency,
            amount=reading.drift,
            key=key,
            note=note,
            against=explanation.house,
        )
    detail = {
        "amount": plain(reading.drift),
        "currency": provider.currency,
        "as": explanation.slug,
        "reason": reason,
        "transfer": key,
    }
    audit.record(actor=actor, action="provider.drift", target=f"provider:{provider.pk}", detail=detail)
