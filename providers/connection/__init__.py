"""From a provider's row to its adapter, and trying a connection. Called by sync, balances, orders and commands."""
