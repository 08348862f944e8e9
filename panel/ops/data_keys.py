"""Whether DATA_KEYS opens what this database holds: a sealed text is kept from the first start and opened at each.

Asked before the panel serves and before a worker works. With other keys no provider could be called and no second
factor be checked, one by one and hours later.
"""

from django.conf import settings

from panel.lib import crypto
from panel.lib.secret import Secret
from panel.ops.models import DataKeyCheck

PLACE = "ops_datakeycheck:1:sealed"
REPLACED = (
    "DATA_KEYS does not open what this database holds: the keys were replaced, or the database is another panel's. Put "
    "the former keys back, after new ones where there are any; `reseal_secrets` seals everything under the first."
)


class DataKeysReplacedError(Exception):
    """The panel may not start on these keys; the message is for its owner."""


def seal_check(check: DataKeyCheck) -> None:
    """Seal the check under the first key; the caller saves it."""
    check.sealed = crypto.seal(Secret("panel"), place=PLACE, keys=settings.DATA_KEYS)


def check_data_keys() -> None:
    """Return where the keys are those of this database, or it has none yet. Raises DataKeysReplacedError."""
    check = DataKeyCheck.objects.filter(pk=1).first()
    if check is None:
        new = DataKeyCheck(pk=1)
        seal_check(new)
        check, _ = DataKeyCheck.objects.get_or_create(pk=1, defaults={"sealed": new.sealed})
    try:
        crypto.unseal(check.sealed, place=PLACE, keys=settings.DATA_KEYS)
    except crypto.SealError:
        raise DataKeysReplacedError(REPLACED) from None
