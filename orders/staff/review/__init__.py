"""The staff's queues: orders that need review, requests, approvals. Called by staff/urls.py."""
