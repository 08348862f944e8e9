"""The URLs of this app."""

from django.urls import path

from panel.wallet import views

urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/top-up/", views.top_up, name="top_up"),
    path("wallet/top-up/<int:deposit_id>/withdraw/", views.top_up_withdraw, name="top_up_withdraw"),
    path("wallet/top-up/<int:deposit_id>/picture/", views.top_up_picture, name="top_up_picture"),
]
