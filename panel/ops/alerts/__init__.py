"""Alerts for staff and their delivery by email, Telegram and webhook. Called by whatever finds a problem."""
