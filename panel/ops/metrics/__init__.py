"""Counters and gauges for Prometheus. Called by the metrics page and by calls to providers."""
