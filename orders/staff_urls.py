"""The staff's pages, under staff/. Alerts are with the operations."""

from django.urls import path

from orders.views import (
    staff,
    staff_approvals,
    staff_balances,
    staff_doubtful,
    staff_drift,
    staff_order,
    staff_orders,
    staff_reports,
    staff_requests,
    staff_safe_mode,
    staff_stuck,
)

urlpatterns = [
    path("", staff.staff, name="staff"),
    path("balances/", staff_balances.staff_balances, name="staff_balances"),
    path("balances/<int:provider_id>/", staff_balances.staff_provider, name="staff_provider"),
    path("balances/<int:provider_id>/read/", staff_balances.read_now, name="staff_read_now"),
    path("balances/<int:provider_id>/explain/", staff_drift.explain, name="staff_provider_explain"),
    path("balances/<int:provider_id>/resume/", staff_drift.resume, name="staff_provider_resume"),
    path("orders/", staff_orders.staff_orders, name="staff_orders"),
    path("orders/<int:order_id>/", staff_order.staff_order, name="staff_order"),
    path("orders/<int:order_id>/<slug:slug>/", staff_order.act, name="staff_order_act"),
    path("doubtful/", staff_doubtful.staff_doubtful, name="staff_doubtful"),
    path("reports/", staff_reports.staff_reports, name="staff_reports"),
    path("reports/csv/", staff_reports.staff_reports_csv, name="staff_reports_csv"),
    path("safe-mode/", staff_safe_mode.staff_safe_mode, name="staff_safe_mode"),
    path("safe-mode/look/<int:provider_id>/", staff_safe_mode.look_for_orphans, name="staff_find_orphans"),
    path("safe-mode/found/<int:orphan_id>/<slug:verdict>/", staff_safe_mode.decide_orphan, name="staff_decide_orphan"),
    path("safe-mode/<slug:to>/", staff_safe_mode.switch_safe_mode, name="staff_switch_safe_mode"),
    path("requests/", staff_requests.staff_requests, name="staff_requests"),
    path("requests/<slug:kind>/<int:request_id>/<slug:verdict>/", staff_requests.decide, name="staff_request_decide"),
    path("approvals/", staff_approvals.staff_approvals, name="staff_approvals"),
    path("approvals/<int:request_id>/", staff_approvals.staff_approval, name="staff_approval"),
    path("approvals/<int:request_id>/<slug:verdict>/", staff_approvals.decide, name="staff_approval_decide"),
    path("doubtful/words/<int:provider_id>/", staff_stuck.know_word, name="staff_know_word"),
    path("doubtful/<int:order_id>/looked/", staff_doubtful.looked_at, name="staff_looked_at"),
    path("doubtful/<int:order_id>/<slug:verdict>/", staff_doubtful.decide, name="staff_decide"),
]
