"""What staff do to many services at once: import, prices, positions, with a preview. Called by the admin."""
