"""The providers in Django admin. Found and loaded by Django."""

from providers.admin import provider_admin

__all__ = ["provider_admin"]
