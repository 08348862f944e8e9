from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "panel.wallet"
    label = "wallet"
