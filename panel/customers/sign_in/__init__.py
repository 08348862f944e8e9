"""Sign-in: passwords, known devices and second factors. Called by django-allauth, set in the settings."""
