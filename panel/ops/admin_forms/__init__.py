"""The base of every admin page: stale forms refused, changes audited. Called by all admin modules."""
