"""How customers and staff sign up and in: the settings of django-allauth, and its limits on guessing."""

from typing import Any


def account_settings(
    *, site_name: str, scheme: str, has_mail: bool, asks_again: bool, is_behind_proxy: bool
) -> dict[str, Any]:
    """The settings LOGIN_*, ACCOUNT_* and MFA_*; `asks_again` is for the password before sensitive actions."""
    return {
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "home",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "home",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory" if has_mail else "none",
        "ACCOUNT_UNIQUE_EMAIL": True,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": True,
        "ACCOUNT_ADAPTER": "panel.customers.sign_in.adapter.SignInAdapter",
        "ACCOUNT_FORMS": {
            "login": "panel.customers.forms.SignInForm",
            "add_email": "panel.customers.forms.OwnEmailForm",
        },
        "ACCOUNT_REAUTHENTICATION_REQUIRED": asks_again,  # before email addresses change; second factors always ask
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 10 * 60,
        "ACCOUNT_RATE_LIMITS": {  # `key` is the account with the client's address, or with a device it knows
            "login": "30/m/ip,300/h/ip",
            "login_failed": "10/m/ip,100/h/ip,5/5m/key",
            "signup": "10/m/ip,60/h/ip",
            "reset_password": "10/m/ip,60/h/ip,3/m/key,10/h/key",
        },
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": f"[{site_name}] ",
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": scheme,
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1 if is_behind_proxy else 0,
        "MFA_SUPPORTED_TYPES": ["totp"],  # recovery codes are panel.customers.sign_in.recovery_codes
        "MFA_ADAPTER": "panel.customers.sign_in.adapter.SecondFactorAdapter",
        "MFA_FORMS": {
            "authenticate": "panel.customers.sign_in.adapter.SecondFactorForm",
            "reauthenticate": "panel.customers.sign_in.adapter.ConfirmForm",
        },
        "MFA_TOTP_ISSUER": site_name,
        "MFA_ALLOW_UNVERIFIED_EMAIL": not has_mail,  # without a mail server no address is ever confirmed
    }
