"""Scheduled jobs: leases, the schedule and the staff page. Called by all tasks."""
