"""Loaded into every process of a chaos run, and nowhere else: shortens waits, and makes the control's placer naive."""

import os

from django.apps import AppConfig
from django.conf import settings


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from tests.chaos.compress import compress  # they import models
        from tests.chaos.naive import place_naively

        compress(settle_seconds=settings.SETTLE_SECONDS)
        if os.environ.get("CHAOS_PLACER") == "naive":
            place_naively()
