"""Who may see the staff's pages and act there, under which name, and who has to confirm that it is they.

Called by every view and admin page of theirs, and by the customers' page of keys.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

View = Callable[..., HttpResponseBase]
SIGNED_IN_AT = "signed_in_at"
"""Under this name the session keeps when it began, in seconds."""


def staff_only(permission: str) -> Callable[[View], View]:
    """The view for staff with that permission, such as orders.view_order.

    Without a sign-in one is asked for, for a customer the page does not exist, and other staff see that they lack the
    permission.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.is_staff:
                raise Http404
            need(request, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined] # for who lists the pages, and for the tests
        return guarded

    return guard


def need(request: HttpRequest, permission: str) -> None:
    """Raises PermissionDenied unless this member of staff has the permission, such as orders.change_order."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


class Actor(str):
    """The name under which history and audit trail keep what a person does; it knows which user that is."""

    user_id: int | None

    def __new__(cls, name: str, user_id: int | None = None) -> "Actor":
        actor = super().__new__(cls, name)
        actor.user_id = user_id
        return actor


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, for the domain's functions."""
    return Actor(request.user.get_username(), request.user.pk)


def confirm_it_is_you(request: HttpRequest, *, keeps_form: bool) -> None:
    """Before what is grave: leads to a page that asks for password or code, unless that was done within 10 minutes.

    A form that was sent is kept in the session and done after that, or with `keeps_form` off (it holds a secret, or is
    its own page's) asked for anew. Not asked where REAUTHENTICATION is off.
    """
    if not settings.ACCOUNT_REAUTHENTICATION_REQUIRED:
        return
    proven = [record["at"] for record in get_authentication_records(request, request.user)]
    last = max([*proven, request.session.get(SIGNED_IN_AT, 0.0)])
    if timezone.now().timestamp() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return
    if request.method == "POST" and not keeps_form:
        raise ImmediateHttpResponse(redirect_to_login(request.get_full_path(), "account_reauthenticate"))
    raise ReauthenticationRequired
