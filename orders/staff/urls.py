"""The addresses of the staff pages, under staff/. Alerts are in panel/ops."""

from django.urls import path

from orders.staff import balances, dashboard, drift, order_list, order_page, reports, safe_mode
from orders.staff.review import approvals_page, needs_review, requests, stuck_tabs

urlpatterns = [
    path("", dashboard.staff, name="staff"),
    path("balances/", balances.staff_balances, name="staff_balances"),
    path("balances/<int:provider_id>/", balances.staff_provider, name="staff_provider"),
    path("balances/<int:provider_id>/read/", balances.read_now, name="staff_read_now"),
    path("balances/<int:provider_id>/explain/", drift.explain, name="staff_provider_explain"),
    path("balances/<int:provider_id>/resume/", drift.resume, name="staff_provider_resume"),
    path("orders/", order_list.staff_orders, name="staff_orders"),
    path("orders/<int:order_id>/", order_page.staff_order, name="staff_order"),
    path("orders/<int:order_id>/looked/", order_page.act, {"slug": "reviewed"}),  # the address of earlier versions
    path("orders/<int:order_id>/<slug:slug>/", order_page.act, name="staff_order_act"),
    path("doubtful/", needs_review.staff_doubtful, name="staff_doubtful"),
    path("reports/", reports.staff_reports, name="staff_reports"),
    path("reports/csv/", reports.staff_reports_csv, name="staff_reports_csv"),
    path("safe-mode/", safe_mode.staff_safe_mode, name="staff_safe_mode"),
    path("safe-mode/look/<int:provider_id>/", safe_mode.look_for_orphans, name="staff_find_orphans"),
    path("safe-mode/found/<int:orphan_id>/<slug:verdict>/", safe_mode.decide_orphan, name="staff_decide_orphan"),
    path("safe-mode/<slug:to>/", safe_mode.switch_safe_mode, name="staff_switch_safe_mode"),
    path("requests/", requests.staff_requests, name="staff_requests"),
    path("requests/<slug:kind>/<int:request_id>/<slug:verdict>/", requests.decide, name="staff_request_decide"),
    path("approvals/", approvals_page.staff_approvals, name="staff_approvals"),
    path("approvals/<int:request_id>/", approvals_page.staff_approval, name="staff_approval"),
    path("approvals/<int:request_id>/<slug:verdict>/", approvals_page.decide, name="staff_approval_decide"),
    path("doubtful/words/<int:provider_id>/", stuck_tabs.know_word, name="staff_know_word"),
    path("doubtful/<int:order_id>/reviewed/", needs_review.mark_reviewed, name="staff_mark_reviewed"),
    path("doubtful/<int:order_id>/looked/", needs_review.mark_reviewed),  # the address of earlier versions
    path("doubtful/<int:order_id>/<slug:verdict>/", needs_review.decide, name="staff_decide"),
]
