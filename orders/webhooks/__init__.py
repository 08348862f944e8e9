"""Customers' webhooks: what changes of their orders and refills is told to an address of theirs."""
