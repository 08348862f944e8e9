"""Signing in: passwords, devices, second factors. Called by allauth, named in the settings."""
