"""After the sale: refills, cancels and refunds, asked for and passed on. Called by pages, the API and tasks."""
