from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from panel.checks import register_checks


class OpsConfig(AppConfig):
    name = "panel.ops"
    label = "ops"
    verbose_name = _("operations")

    def ready(self) -> None:
        register_checks()
