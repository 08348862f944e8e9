"""The public pages of the catalog. Called by providers/urls.py."""
