"""The addresses of this app: the customers' pages."""

from django.urls import include, path

from orders.api import pages
from orders.api.views import api
from orders.operations import metrics_page
from orders.site import bulk_actions, mass_order, new_order, order_list, order_page, refill_list, webhook

urlpatterns = [
    path("", new_order.home, name="home"),
    path("order/", new_order.new_order, name="new_order"),
    path("order/form/<int:service_id>/", new_order.order_form, name="order_form"),
    path("order/charge/", new_order.order_charge, name="order_charge"),
    path("mass-order/", mass_order.mass_order, name="mass_order"),
    path("orders/", order_list.orders, name="orders"),
    path("orders/live/", order_list.orders_live, name="orders_live"),
    path("orders/export/", order_list.orders_export, name="orders_export"),
    path("orders/selected/refill/", bulk_actions.refill_selected, name="orders_refill"),
    path("orders/selected/cancel/", bulk_actions.cancel_selected, name="orders_cancel"),
    path("refills/", refill_list.refills, name="refills"),
    path("orders/<int:order_id>/", order_page.order, name="order"),
    path("orders/<int:order_id>/cancel/", order_page.order_cancel, name="order_cancel"),
    path("orders/<int:order_id>/refill/", order_page.order_refill, name="order_refill"),
    path("api/", pages.api_page, name="api_page"),
    path("api/keys/<int:key_id>/rotate/", pages.api_key_rotate, name="api_key_rotate"),
    path("api/keys/<int:key_id>/revoke/", pages.api_key_revoke, name="api_key_revoke"),
    path("api/repeats/", pages.api_repeats, name="api_repeats"),
    path("api/console/", pages.api_console, name="api_console"),
    path("api/webhook/", webhook.webhook, name="webhook"),
    path("api/webhook/secret/", webhook.webhook_secret, name="webhook_secret"),
    path("api/webhook/remove/", webhook.webhook_remove, name="webhook_remove"),
    path("api/webhook/test/", webhook.webhook_test, name="webhook_test"),
    path("api/webhook/<int:delivery_id>/again/", webhook.webhook_again, name="webhook_again"),
    path("api/openapi.json", pages.api_openapi, name="api_openapi"),
    path("api/v2", api, name="api"),
    path("api/v2/", api),
    path("metrics", metrics_page.metrics, name="metrics"),
    path("staff/", include("orders.staff.urls")),
]
