"""Scheduled jobs: leases, timetable, staff's page. Called by all tasks."""
