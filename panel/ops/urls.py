"""The addresses of this app: what watchers ask."""

from django.urls import path

from panel.ops import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("healthz/web", views.healthz_web, name="healthz_web"),
]
