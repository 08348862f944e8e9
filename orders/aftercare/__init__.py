"""Refills, cancels and refunds after the sale: requested here and sent to providers. Called by pages, API and tasks."""
