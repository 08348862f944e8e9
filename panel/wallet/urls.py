"""The addresses of this app."""

from django.urls import path

from panel.wallet import views

urlpatterns = [path("wallet/", views.wallet, name="wallet")]
