"""Reading the catalog: services, price list, favorites, updates. Called by pages, the API and commands."""
