from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "orders.webhooks"
    label = "webhooks"
