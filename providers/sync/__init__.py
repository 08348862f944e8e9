"""Syncs a provider's list of services: fetch, compare, write. Called by the catalog's refresh."""
