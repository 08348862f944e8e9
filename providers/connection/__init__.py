"""Connections to providers: open an adapter, test it, call it in parallel. Called by sync, balances and orders."""
