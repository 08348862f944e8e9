"""The addresses of this app."""

from django.urls import path

from panel.customers import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/sign-out-elsewhere/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
]
