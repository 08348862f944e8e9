"""The staff's page of the jobs that run by themselves."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from panel.ops.jobs.schedule import JobNotStartedError, run_now, scheduled_jobs
from panel.web.access import actor_of, need, staff_only


@staff_only("ops.view_jobrun")
@require_safe
def staff_jobs(request: HttpRequest) -> HttpResponse:
    """Every job with its last run and its next one."""
    may_run = request.user.has_perm("ops.change_jobrun")
    return render(request, "staff/jobs.html", {"jobs": scheduled_jobs(now=timezone.now()), "may_run": may_run})


@staff_only("ops.view_jobrun")
@require_POST
def job_now(request: HttpRequest, name: str) -> HttpResponse:
    """Have one run now, beside its timetable."""
    need(request, "ops.change_jobrun")
    try:
        run_now(name=name, actor=actor_of(request))
    except KeyError:
        raise Http404("There is no such job.") from None
    except JobNotStartedError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The job is on its way. Look at this page again in some seconds.")
    return redirect("staff_jobs")
