"""The panel's own settings for chaos runs: quick passwords, and the app that compresses what is no setting."""

from panel.settings import *  # noqa: F403
from panel.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.apps.ChaosConfig"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
