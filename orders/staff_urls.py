"""The staff's pages, under staff/. Alerts are with the operations."""

from django.urls import path

from orders.views import staff, staff_balances, staff_doubtful, staff_order, staff_orders, staff_requests

urlpatterns = [
    path("", staff.staff, name="staff"),
    path("balances/", staff_balances.staff_balances, name="staff_balances"),
    path("balances/<int:provider_id>/", staff_balances.staff_provider, name="staff_provider"),
    path("balances/<int:provider_id>/read/", staff_balances.read_now, name="staff_read_now"),
    path("orders/", staff_orders.staff_orders, name="staff_orders"),
    path("orders/<int:order_id>/", staff_order.staff_order, name="staff_order"),
    path("orders/<int:order_id>/<slug:slug>/", staff_order.act, name="staff_order_act"),
    path("doubtful/", staff_doubtful.staff_doubtful, name="staff_doubtful"),
    path("requests/", staff_requests.staff_requests, name="staff_requests"),
    path("requests/<slug:kind>/<int:request_id>/<slug:verdict>/", staff_requests.decide, name="staff_request_decide"),
    path("doubtful/<int:order_id>/looked/", staff_doubtful.looked_at, name="staff_looked_at"),
    path("doubtful/<int:order_id>/<slug:verdict>/", staff_doubtful.decide, name="staff_decide"),
]
