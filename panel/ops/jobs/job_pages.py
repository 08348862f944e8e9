"""The staff page of scheduled jobs."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panel.ops.jobs.schedule import JobNotStartedError, run_now, scheduled_jobs
from panel.web.access import actor_of, need, staff_only


@staff_only("ops.view_jobrun")
@require_safe
def staff_jobs(request: HttpRequest) -> HttpResponse:
    """Shows every job with its last and its next run."""
    may_run = request.user.has_perm("ops.change_jobrun")
    return render(request, "staff/jobs.html", {"jobs": scheduled_jobs(now=timezone.now()), "may_run": may_run})


@staff_only("ops.view_jobrun")
@require_POST
def job_now(request: HttpRequest, name: str) -> HttpResponse:
    """Runs a job now, in addition to its schedule."""
    need(request, "ops.change_jobrun")
    try:
        run_now(name=name, actor=actor_of(request))
    except KeyError:
        raise Http404("No such job.") from None
    except JobNotStartedError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Job started. Refresh this page in a few seconds to see the result."))
    return redirect("staff_jobs")
