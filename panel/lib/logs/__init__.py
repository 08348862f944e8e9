"""Log lines, what they carry, and crash reports. Called by the settings, requests and tasks."""
