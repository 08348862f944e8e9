"""Staff book what explains a drift: money that came or went there without an order of ours. Called by their pages."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from panel.lib.money import plain
from panel.ops import audit
from panel.wallet import ledger
from providers.balances.deposits import bookings_of
from providers.balances.losses import book_loss
from providers.models import BalanceReading, Provider


class CannotBookError(Exception):
    """The drift cannot be booked like that; nothing moved. The message is for the person."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a drift may be, and the house account that it is booked against."""

    slug: str
    label: str
    house: str
    explains_more: bool
    explains_less: bool

    def fits(self, drift: Decimal) -> bool:
        return (drift > 0 and self.explains_more) or (drift < 0 and self.explains_less)


EXPLANATIONS = (
    Explanation("topup", "A top-up that was not recorded", ledger.ADJUSTMENT, True, False),
    Explanation("bonus", "A bonus or credit of theirs", ledger.LOSS, True, False),
    Explanation("by_hand", "Orders placed by hand with our key", ledger.LOSS, False, True),
    Explanation("price", "A price that they corrected", ledger.LOSS, True, True),
    Explanation("unknown", "Nobody knows: keep it in suspense", ledger.SUSPENSE, True, True),
)


def explanations_for(*, drift: Decimal) -> list[Explanation]:
    """Those that can be booked for this drift."""
    return [explanation for explanation in EXPLANATIONS if explanation.fits(drift)]


def book_explanation(*, provider: Provider, reading_id: int, slug: str, reason: str, actor: str) -> Decimal:
    """Book the whole drift of the newest reading, in the audit trail with who and why; how much was booked.

    A reading's drift is booked once, and not after anything else was booked since. Raises CannotBookError.
    """
    explanation = next((known for known in EXPLANATIONS if known.slug == slug), None)
    if not reason.strip():
        raise CannotBookError("Say what you know: it is kept with the booking.")
    try:
        with transaction.atomic(durable=True):
            reading = BalanceReading.objects.filter(provider=provider).order_by("-at", "-pk").first()
            if reading is None or reading.pk != reading_id:
                raise CannotBookError("The balance was read anew in the meantime: look at it again.")
            if explanation is None or not explanation.fits(reading.drift):
                raise CannotBookError("That does not explain this drift.")
            if bookings_of(provider=provider).filter(created_at__gte=reading.at).exists():
                raise CannotBookError("Something was booked since this reading: read the balance first.")
            _book(provider, reading, explanation, reason.strip(), actor)
            drift: Decimal = reading.drift
    except IntegrityError:
        raise CannotBookError("This was booked before. Nothing was booked a second time.") from None
    return drift


def _book(provider: Provider, reading: BalanceReading, explanation: Explanation, reason: str, actor: str) -> None:
    key, note = f"drift:{reading.pk}", f"{explanation.label}: {reason}"
    if explanation.house == ledger.LOSS:
        book_loss(provider=provider, amount=-reading.drift, key=key, note=note)
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
