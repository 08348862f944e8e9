from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "providers.catalog"
    label = "catalog"
