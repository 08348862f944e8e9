"""Whether a provider may be called now: circuit breaker, pauses, back-off. Called by whatever calls a provider."""
