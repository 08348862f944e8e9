"""The health pages, for whatever watches the panel. They need no sign-in and say nothing secret."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from panel.lib.degrading_cache import is_degraded
from panel.ops.health.disks import disk_problems
from panel.ops.health.health import broker_problems, database_problems, job_problems


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, disks have room and the jobs run; else 503 and a line for each problem.

    The first line is "ok", or "degraded" while Redis is away and the panel goes on without it.
    """
    problems = database_problems() + disk_problems()
    if not problems and settings.EXPECT_JOBS:
        problems = job_problems(now=timezone.now())
    return _answer(problems, degraded=["redis: away, the cache is in the database"] if is_degraded() else [])


@require_safe
@never_cache
def healthz_web(request: HttpRequest) -> HttpResponse:
    """The same for this web process alone: whether it can serve pages, whatever the jobs do."""
    return _answer(database_problems())


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """As `healthz`, and whether the broker takes messages: everything that new orders need to go out at once."""
    problems = database_problems() + disk_problems() + broker_problems()
    if not problems and settings.EXPECT_JOBS:
        problems = job_problems(now=timezone.now())
    return _answer(problems)


def _answer(problems: list[str], *, degraded: Sequence[str] = ()) -> HttpResponse:
    """503 for problems; 200 where everything works, though with less than it should have."""
    text = "\n".join(problems or ["degraded" if degraded else "ok", *degraded])
    return HttpResponse(text + "\n", status=503 if problems else 200, content_type="text/plain; charset=utf-8")
