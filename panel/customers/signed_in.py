"""Who is signed in. Called by every view behind the sign-in."""

from django.http import HttpRequest

from panel.customers.models import User


def customer_of(request: HttpRequest) -> User:
    """Who is signed in; for views behind `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("A page behind the sign-in was reached without one.")
    return request.user
