"""Customers add funds: requests, proofs, limits, decisions. Called by the wallet page and the admin."""
