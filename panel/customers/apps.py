from allauth.account.signals import authentication_step_completed
from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "panel.customers"
    label = "customers"

    def ready(self) -> None:
        from panel.customers.sessions import renew_when_confirmed

        authentication_step_completed.connect(renew_when_confirmed, dispatch_uid="renew_when_confirmed")
