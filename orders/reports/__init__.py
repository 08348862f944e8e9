"""What the shop takes, earns and spends: the ledger added up by day, supplier, service and customer."""
