"""The addresses of this app."""

from django.urls import path

from panel.customers import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("accounts/sessions/", views.sessions, name="usersessions_list"),  # in place of allauth's own page
    path("accounts/sessions/<int:session_id>/end/", views.sign_out, name="sign_out_session"),
    path("account/sign-out-elsewhere/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
]
