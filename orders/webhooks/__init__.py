"""Customers' webhooks: messages about changes of their orders and refills, sent to a URL of theirs."""
