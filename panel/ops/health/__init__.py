"""Health checks and their pages. Called by monitors."""
