"""Returns the signed-in user. Called by every view that requires a sign-in."""

from django.http import HttpRequest

from panel.customers.models import User


def customer_of(request: HttpRequest) -> User:
    """The signed-in user, for views with `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("This view needs login_required.")
    return request.user
