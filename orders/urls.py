"""The addresses of this app: the customers' pages."""

from django.urls import include, path

from orders.api import pages
from orders.api.views import api
from orders.views import history, mass, metrics, order, refills, selection, shop, webhook

urlpatterns = [
    path("", shop.home, name="home"),
    path("order/", shop.new_order, name="new_order"),
    path("order/form/<int:service_id>/", shop.order_form, name="order_form"),
    path("order/charge/", shop.order_charge, name="order_charge"),
    path("mass-order/", mass.mass_order, name="mass_order"),
    path("orders/", history.orders, name="orders"),
    path("orders/live/", history.orders_live, name="orders_live"),
    path("orders/export/", history.orders_export, name="orders_export"),
    path("orders/selected/refill/", selection.refill_selected, name="orders_refill"),
    path("orders/selected/cancel/", selection.cancel_selected, name="orders_cancel"),
    path("refills/", refills.refills, name="refills"),
    path("orders/<int:order_id>/", order.order, name="order"),
    path("orders/<int:order_id>/cancel/", order.order_cancel, name="order_cancel"),
    path("orders/<int:order_id>/refill/", order.order_refill, name="order_refill"),
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
    path("metrics", metrics.metrics, name="metrics"),
    path("staff/", include("orders.staff_urls")),
]
