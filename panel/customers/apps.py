from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "panel.customers"
    label = "customers"
