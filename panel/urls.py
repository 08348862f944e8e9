"""Every address of the site. The one file that looks up: it names the apps by include strings."""

from django.contrib import admin
from django.urls import include, path

handler400 = "panel.web.errors.bad_request_page"
handler500 = "panel.web.unavailable.server_error"
urlpatterns = [
    path("", include("orders.urls")),
    path("", include("providers.urls")),
    path("", include("panel.wallet.urls")),
    path("", include("panel.customers.urls")),
    path("", include("panel.ops.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
