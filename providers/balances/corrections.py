"""Staff book what explains a drift: money that came or went there without an order of ours. Called by their pages."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from providers.balances.deposits import deposits_and_corrections
from providers.balances.losses import record_loss
from providers.models import BalanceReading, Provider


class CorrectionError(Exception):
    """The drift cannot be booked like that; nothing moved. The message is for the person."""


@dataclass(frozen=True, slots=True)
class CorrectionType:
    """What a drift may be, and the house account that it is booked against."""

    slug: str
    label: str
    house: str
    for_surplus: bool
    for_shortage: bool

    def fits(self, drift: Decimal) -> bool:
        return (drift > 0 and self.for_surplus) or (drift < 0 and self.for_shortage)


CORRECTION_TYPES = (
    CorrectionType("topup", "A top-up that was not recorded", ledger.ADJUSTMENT, True, False),
    CorrectionType("bonus", "A bonus or credit of theirs", ledger.LOSS, True, False),
    CorrectionType("by_hand", "Orders placed by hand with our key", ledger.LOSS, False, True),
    CorrectionType("price", "A price that they corrected", ledger.LOSS, True, True),
    CorrectionType("unknown", "Nobody knows: keep it in suspense", ledger.SUSPENSE, True, True),
)


def correction_types_for(*, drift: Decimal) -> list[CorrectionType]:
    """Those that can be booked for this drift."""
    return [explanation for explanation in CORRECTION_TYPES if explanation.fits(drift)]


def record_correction(*, provider: Provider, reading_id: int, slug: str, reason: str, actor: str) -> Decimal:
    """Book the whole drift of the newest reading, in the audit trail with who and why; how much was booked.

    A reading's drift is booked once, and not after anything else was booked since. Raises CorrectionError.
    """
    explanation = next((known for known in CORRECTION_TYPES if known.slug == slug), None)
    if not reason.strip():
        raise CorrectionError("Say what you know: it is kept with the booking.")
    try:
        with transaction.atomic(durable=True):
            reading = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk").first()
            if reading is None or reading.pk != reading_id:
                raise CorrectionError("The balance was read anew in the meantime: look at it again.")
            if explanation is None or not explanation.fits(reading.drift):
                raise CorrectionError("That does not explain this drift.")
            if deposits_and_corrections(provider=provider).filter(created_at__gte=reading.at).exists():
                raise CorrectionError("Something was booked since this reading: read the balance first.")
            _book(provider, reading, explanation, reason.strip(), actor)
            drift: Decimal = reading.drift
    except IntegrityError:
        raise CorrectionError("This was booked before. Nothing was booked a second time.") from None
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
