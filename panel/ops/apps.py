from django.apps import AppConfig

from panel.checks import register_checks


class OpsConfig(AppConfig):
    name = "panel.ops"
    label = "ops"
    verbose_name = "operations"

    def ready(self) -> None:
        register_checks()
