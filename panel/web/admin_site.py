"""The admin site. It uses the panel's own sign-in, so that its rate limits and two-factor authentication apply."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

GROUPS = (
    (_("Orders"), ("orders",)),
    (_("Catalog"), ("catalog",)),
    (_("Providers"), ("providers",)),
    (_("Customers"), ("customers", "auth", "account", "mfa")),
    (_("Ledger"), ("wallet",)),
    (_("Operations"), ("ops",)),
)
"""The sections of the admin's sidebar, most used first."""


class PanelAdminSite(AdminSite):
    """Has no sign-in, sign-out or password page of its own, and no action that deletes in bulk."""

    index_title = _("Admin")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.site_header = self.site_title = settings.SITE_NAME
        self.disable_action("delete_selected")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models in the sections of GROUPS."""
        apps = {app["app_label"]: app for app in super().get_app_list(request, app_label)}
        sections = []
        for name, labels in GROUPS:
            parts = [apps.pop(label) for label in labels if label in apps]
            if parts:
                sections.append(
                    {**parts[0], "name": name, "models": [model for part in parts for model in part["models"]]}
                )
        return [*sections, *apps.values()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirects to the site's sign-in and back. Answers 404 to a customer."""
        target = request.GET.get("next") or reverse("admin:index")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target, reverse("account_login"))
        if not self.has_permission(request):
            raise Http404
        return HttpResponseRedirect(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Redirects to the site's sign-out page."""
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Redirects to the site's page for changing the password."""
        return redirect("account_change_password")
