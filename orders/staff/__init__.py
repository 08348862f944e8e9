"""The staff's pages under staff/. Called by orders/urls.py."""
