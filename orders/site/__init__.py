"""The customers' pages. Called by orders/urls.py."""
