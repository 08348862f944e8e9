"""The addresses of this app: what watchers ask, and the staff's alerts."""

from django.urls import path

from panel.ops import alert_views, job_views, views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("healthz/web", views.healthz_web, name="healthz_web"),
    path("readyz", views.readyz, name="readyz"),
    path("staff/jobs/", job_views.staff_jobs, name="staff_jobs"),
    path("staff/jobs/<slug:name>/run/", job_views.job_now, name="staff_job_now"),
    path("staff/alerts/", alert_views.staff_alerts, name="staff_alerts"),
    path("staff/alerts/test/", alert_views.send_test, name="staff_alert_test"),
    path("staff/alerts/<int:alert_id>/take/", alert_views.take, name="staff_alert_take"),
    path("staff/alerts/<int:alert_id>/close/", alert_views.close, name="staff_alert_close"),
]
