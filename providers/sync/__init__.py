"""A provider's list of services, fetched, compared and written. Called by the catalog's refresh."""
