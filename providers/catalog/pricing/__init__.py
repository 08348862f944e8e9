"""Costs and rates of services. Called by publishing, listing and placing."""
