"""The URLs of this app."""

from django.urls import path

from panel.customers import views
from panel.customers.impersonation import pages
from panel.customers.sign_in import two_factor_views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("accounts/sessions/", views.sessions, name="usersessions_list"),  # in place of allauth's own page
    path(
        "accounts/2fa/totp/activate/", two_factor_views.ActivateTwoFactorView.as_view(), name="mfa_activate_totp"
    ),  # as above
    path("accounts/2fa/recovery-codes/generate/", two_factor_views.new_recovery_codes, name="new_recovery_codes"),
    path("accounts/sessions/<int:session_id>/end/", views.sign_out, name="sign_out_session"),
    path("account/sign-out-elsewhere/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("staff/see-as/<int:user_id>/", pages.see_as, name="see_as"),
    path("staff/see-as/end/", pages.see_as_end, name="see_as_end"),
]
