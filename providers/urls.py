"""The addresses of this app: the price list, its updates, and the staff's page of changes upstream."""

from django.urls import path

from providers.catalog import changes_views, updates_views, views

urlpatterns = [
    path("services/", views.services, name="services"),
    path("services/prices.json", views.service_prices, name="service_prices"),
    path("services/<int:service_id>/", views.service, name="service"),
    path("services/<int:service_id>/favourite/", views.service_favourite, name="service_favourite"),
    path("updates/", updates_views.updates, name="updates"),
    path("staff/changes/", changes_views.staff_changes, name="staff_changes"),
    path("staff/changes/<slug:verdict>/", changes_views.decide_services, name="staff_changes_decide"),
    path(
        "staff/changes/provider/<int:provider_id>/<slug:what>/",
        changes_views.decide_provider,
        name="staff_changes_provider",
    ),
]
