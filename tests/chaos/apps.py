"""Loaded into every process of a chaos run, and nowhere else: shortens waits, and makes the control's placer naive."""

import os

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from tests.chaos.compress import compress  # they import models
        from tests.chaos.naive import place_naively

        compress(give_up_seconds=int(os.environ["CHAOS_GIVE_UP_SECONDS"]))
        if os.environ.get("CHAOS_PLACER") == "naive":
            place_naively()
