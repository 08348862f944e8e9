"""URLs of this app: the price list, its updates, and the staff's page of changes at providers."""

from django.urls import path

from providers.catalog.review import changes_page
from providers.catalog.site import price_list_page, updates_page

urlpatterns = [
    path("services/", price_list_page.services, name="services"),
    path("services/prices.json", price_list_page.service_prices, name="service_prices"),
    path("services/<int:service_id>/", price_list_page.service, name="service"),
    path("services/<int:service_id>/favourite/", price_list_page.service_favourite, name="service_favourite"),
    path("updates/", updates_page.updates, name="updates"),
    path("staff/changes/", changes_page.staff_changes, name="staff_changes"),
    path("staff/changes/<slug:verdict>/", changes_page.decide_services, name="staff_changes_decide"),
    path(
        "staff/changes/provider/<int:provider_id>/<slug:what>/",
        changes_page.decide_provider,
        name="staff_changes_provider",
    ),
]
