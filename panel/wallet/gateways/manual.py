"""Manual payments: the customer follows the instructions, and staff confirm that the payment arrived."""

from django.utils.translation import gettext as _

from panel.wallet.deposits.pictures import picture_kind
from panel.wallet.gateways.base import DepositReport, Gateway, InvalidDepositError

MAX_REFERENCE_LENGTH = 200


class ManualGateway(Gateway):
    """Needs a reference by which staff find the payment. An image of it is optional."""

    name = "manual"
    needs_staff = True

    def check(self, report: DepositReport) -> None:
        if not report.reference:
            raise InvalidDepositError("reference", _("Enter the reference of your payment, so that we can find it."))
        if len(report.reference) > MAX_REFERENCE_LENGTH or not report.reference.isprintable():
            raise InvalidDepositError(
                "reference", _("Enter up to %(max)d characters in one line.") % {"max": MAX_REFERENCE_LENGTH}
            )
        if report.picture and not picture_kind(report.picture):
            raise InvalidDepositError("picture", _("Upload the image as PNG, JPEG or WebP."))
