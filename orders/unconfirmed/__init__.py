"""Unconfirmed orders: evidence, probes at the provider, decisions. Called by tasks and staff pages."""
