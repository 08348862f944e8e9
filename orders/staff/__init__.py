"""The staff pages under staff/. Called by orders/urls.py."""
