"""The catalog's tables: what customers can order, the rules that price it, customers' own terms, and its changes."""

from providers.catalog.models.customer_terms import CustomerRate, CustomerTerms, new_version
from providers.catalog.models.markup import Markup
from providers.catalog.models.service import Backup, Category, CategoryHeading, Favourite, Service
from providers.catalog.models.updates import CatalogUpdate, CatalogVersion

__all__ = [
    "Backup",
    "CatalogUpdate",
    "CatalogVersion",
    "Category",
    "CategoryHeading",
    "CustomerRate",
    "CustomerTerms",
    "Favourite",
    "Markup",
    "Service",
    "new_version",
]
