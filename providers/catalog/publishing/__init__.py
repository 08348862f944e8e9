"""Keeps the catalog up to date with providers' lists, markups and staff's settings. Called by sync and admin."""
