"""From a request to a paid, queued order: validate, price, charge, write. Called by the site, the API and commands."""
