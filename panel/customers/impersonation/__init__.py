"""View as customer: staff see the panel as a customer does, read-only. Called by the admin and a middleware."""
