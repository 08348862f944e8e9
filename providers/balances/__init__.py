"""Our money at the providers: readings, spending, runway, deposits, alerts. Called by tasks and staff pages."""
