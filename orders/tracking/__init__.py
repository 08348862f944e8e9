"""From a provider's answer to the order's status, refund and cost. Called by the polling tasks and by submission."""
