"""Who may see the staff's pages and act there. Called by every view of theirs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """The view for staff alone: without a sign-in one is asked for, and for a customer the page does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def need(request: HttpRequest, permission: str) -> None:
    """Raises PermissionDenied unless this member of staff has the permission, such as orders.change_order."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
