"""For whoever runs the panel: alerts kept true, metrics, wrong clocks, key rotation. Called by tasks and commands."""
