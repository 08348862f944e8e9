"""The addresses of this app: the price list."""

from django.urls import path

from providers.catalog import views

urlpatterns = [
    path("services/", views.services, name="services"),
    path("services/prices.json", views.service_prices, name="service_prices"),
    path("services/<int:service_id>/", views.service, name="service"),
    path("services/<int:service_id>/favourite/", views.service_favourite, name="service_favourite"),
]
