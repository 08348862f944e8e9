"""A panel whose DATA_KEYS were replaced does not start, and says why; rotated keys are fine."""

from typing import Any

import pytest
from django.core.management import CommandError

from panel.celery import refuse_other_keys as worker_refuses
from panel.lib.crypto import new_key
from panel.ops.data_keys import DataKeysReplacedError, check_data_keys
from panel.ops.management.commands.run_panel import refuse_other_keys
from panel.ops.models import DataKeyCheck

pytestmark = pytest.mark.django_db


def test_the_first_start_keeps_what_later_ones_open(settings: Any) -> None:
    check_data_keys()
    check_data_keys()
    assert DataKeyCheck.objects.count() == 1
    settings.DATA_KEYS = [new_key(), *settings.DATA_KEYS]
    check_data_keys()


def test_on_other_keys_neither_the_panel_nor_a_worker_starts(settings: Any) -> None:
    check_data_keys()
    sealed = DataKeyCheck.objects.get().sealed
    settings.DATA_KEYS = [new_key()]
    with pytest.raises(DataKeysReplacedError):
        check_data_keys()
    with pytest.raises(CommandError, match="DATA_KEYS does not open what this database holds"):
        refuse_other_keys()
    with pytest.raises(SystemExit, match="DATA_KEYS does not open"):
        worker_refuses()
    assert DataKeyCheck.objects.get().sealed == sealed


def test_a_check_copied_from_elsewhere_or_damaged_does_not_open() -> None:
    DataKeyCheck.objects.create(pk=1, sealed="v1.00000000.AAAA")
    with pytest.raises(DataKeysReplacedError):
        check_data_keys()
