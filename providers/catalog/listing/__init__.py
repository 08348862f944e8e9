"""The catalog as it is read: services, price list, favorites, updates. Called by pages, the API and commands."""
