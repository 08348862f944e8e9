"""From a queued order to one that its provider has: claim, send, record, fail over, sweep. Called by tasks."""
