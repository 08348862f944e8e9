"""Names of time zones: what is unknown is refused where it is written, and read as UTC where it is kept."""

import logging
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from panel.lib import zones

WRONG = ["Berlin", "Mars/Olympus", "America", "../../etc/passwd", "/etc/localtime", "x" * 65, "Europe/Berlin\n", "\x00"]


def test_a_known_zone_is_found() -> None:
    assert zones.find_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert zones.zone_of("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert zones.zone_name("Europe/Berlin") == "Europe/Berlin"
    zones.validate_zone("Europe/Berlin")


def test_none_is_utc_and_for_the_browser_its_own() -> None:
    assert zones.zone_of("") == UTC
    assert zones.zone_name("") == ""
    zones.validate_zone("")


@pytest.mark.parametrize("name", WRONG)
def test_an_unknown_one_is_refused_and_read_as_utc(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a time zone"):
        zones.validate_zone(name)
    assert (zones.find_zone(name), zones.zone_of(name), zones.zone_name(name)) == (None, UTC, "UTC")


def test_an_unknown_one_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    zones._unknown.cache_clear()
    with caplog.at_level(logging.WARNING, logger="panel.lib.zones"):
        for _ in range(3):
            zones.zone_of("Berlin")
    assert [record.zone for record in caplog.records] == ["Berlin"]  # type: ignore[attr-defined]
