"""The catalog in Django admin: services, markups, customers' rates and discounts. Found and loaded by Django."""

from providers.catalog.admin import customer_rates, discounts, markups, service_admin

__all__ = ["customer_rates", "discounts", "markups", "service_admin"]
