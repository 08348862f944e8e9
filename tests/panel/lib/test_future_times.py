"""Times that a clock which was ahead has left behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from panel.lib.future_times import SKEW, bring_back, is_future
from panel.ops.models import JobRun

SECOND = timedelta(seconds=1)


def test_what_two_clocks_may_differ_by_is_no_future() -> None:
    now = timezone.now()
    assert [is_future(moment, now=now) for moment in (None, now, now + SKEW, now + SKEW + SECOND)] == [
        False, False, False, True,
    ]  # fmt: skip


@pytest.mark.django_db
def test_what_waits_for_longer_than_anything_does_comes_back() -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    waits = {"none": None, "past": now - hour, "max_ahead": now + hour + SKEW, "ahead": now + hour + SKEW + SECOND}
    for name, until in waits.items():
        JobRun.objects.create(name=name, lease_until=until)
    assert bring_back(JobRun.objects.all(), "lease_until", max_ahead=hour, to=now, now=now) == 1
    assert dict(JobRun.objects.values_list("name", "lease_until")) == waits | {"ahead": now}
    assert bring_back(JobRun.objects.all(), "lease_until", max_ahead=hour, to=now, now=now) == 0
