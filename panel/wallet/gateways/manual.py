"""A transfer by hand: the customer pays as the instructions say, and staff look whether it came."""

from panel.wallet.deposits.pictures import picture_kind
from panel.wallet.gateways.base import Ask, BadAskError, Gateway

LONGEST_REFERENCE = 200


class ManualGateway(Gateway):
    """Needs a reference by which staff find the payment; a picture of it helps."""

    name = "manual"
    needs_staff = True

    def check(self, ask: Ask) -> None:
        if not ask.reference:
            raise BadAskError("reference", "Write what stands on your payment, so that it can be found.")
        if len(ask.reference) > LONGEST_REFERENCE or not ask.reference.isprintable():
            raise BadAskError("reference", f"One line of up to {LONGEST_REFERENCE} characters.")
        if ask.picture and not picture_kind(ask.picture):
            raise BadAskError("picture", "Send a picture as PNG, JPEG or WebP.")
