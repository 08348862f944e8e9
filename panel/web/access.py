"""Who may see the staff's pages and act there, and under which name. Called by every view and admin page of theirs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def staff_only(permission: str) -> Callable[[View], View]:
    """The view for staff with that permission, such as orders.view_order.

    Without a sign-in one is asked for, for a customer the page does not exist, and other staff are told that they may
    not see it.
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


def actor_of(request: HttpRequest) -> str:
    """The name under which history and audit trail keep what this person does."""
    return request.user.get_username()
