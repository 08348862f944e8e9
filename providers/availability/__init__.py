"""Whether a provider may be called now: circuit breaker, pauses, backoff. Called by all code that calls providers."""
