"""The addresses of this app: what watchers ask, and the staff's alerts."""

from django.urls import path

from panel.ops.alerts import alert_pages
from panel.ops.health import health_pages
from panel.ops.jobs import job_pages

urlpatterns = [
    path("healthz", health_pages.healthz, name="healthz"),
    path("healthz/web", health_pages.healthz_web, name="healthz_web"),
    path("readyz", health_pages.readyz, name="readyz"),
    path("staff/jobs/", job_pages.staff_jobs, name="staff_jobs"),
    path("staff/jobs/<slug:name>/run/", job_pages.job_now, name="staff_job_now"),
    path("staff/alerts/", alert_pages.staff_alerts, name="staff_alerts"),
    path("staff/alerts/test/", alert_pages.send_test, name="staff_alert_test"),
    path("staff/alerts/<int:alert_id>/take/", alert_pages.take, name="staff_alert_take"),
    path("staff/alerts/<int:alert_id>/close/", alert_pages.close, name="staff_alert_close"),
]
