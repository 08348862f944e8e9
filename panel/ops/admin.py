"""Alerts, the audit trail and job runs in the admin, read-only. Alerts are handled on the staff page."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from panel.ops.admin_forms.base import ReadOnlyAdmin
from panel.ops.models import Alert, AuditEvent, JobRun


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("title", "level", "subject", "opened_at", "seen_at", "closed_at")
    list_filter = ("level", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "subject")
    ordering = ("-pk",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "target")
    list_filter = ("action",)
    search_fields = ("=target", "actor")
    search_help_text = _("Actor, or target such as order:17")
    ordering = ("-pk",)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "ok", "started_at", "finished_at", "is_running")
    ordering = ("name",)

    @admin.display(boolean=True, description=_("running"))
    def is_running(self, run: JobRun) -> bool:
        return bool(run.holder)
