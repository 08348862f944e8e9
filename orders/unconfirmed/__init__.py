"""Orders of unknown outcome: evidence, probes, decisions. Called by tasks and staff pages."""
