"""Django's admin with our own site in it. Named in INSTALLED_APPS, in a module of its own so that it is found alone."""

from django.contrib.admin.apps import AdminConfig


class PanelAdminConfig(AdminConfig):
    default = False
    default_site = "panel.web.admin_site.PanelAdminSite"
