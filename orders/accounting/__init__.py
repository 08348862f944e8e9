"""Whether the money is right: ledger audit, reconciling with providers, drift. Called by tasks and staff pages."""
