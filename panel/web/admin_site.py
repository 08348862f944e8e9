"""The admin's site: entered through the panel's own sign-in alone, so that its limits and two-factor hold there too."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

GROUPS = (
    ("Orders", ("orders",)),
    ("Catalogue", ("catalog",)),
    ("Providers", ("providers",)),
    ("People", ("customers", "auth", "account", "mfa")),
    ("Books", ("wallet",)),
    ("Operations", ("ops",)),
)
"""The apps as staff know them, in the order of their need."""


class PanelAdminSite(AdminSite):
    """Without its own ways to sign in, out or change a password, and without the action that deletes in bulk."""

    index_title = "Admin"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.site_header = self.site_title = settings.SITE_NAME
        self.disable_action("delete_selected")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models in groups that have the words of the shop."""
        apps = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        found = []
        for name, labels in GROUPS:
            parts = [apps.pop(label) for label in labels if label in apps]
            if parts:
                found.append(
                    {**parts[0], "name": name, "models": [model for part in parts for model in part["models"]]}
                )
        return [*found, *apps.values()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """To the site's sign-in and back; for a customer there is nothing here."""
        target = request.GET.get("next") or reverse("admin:index")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target, reverse("account_login"))
        if not self.has_permission(request):
            raise Http404
        return HttpResponseRedirect(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The site's own sign-out."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The site's own page for it."""
        return redirect("account_change_password")
