"""Changes at providers that wait for a person. Called by the staff's page and the admin."""
