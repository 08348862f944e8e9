"""Backups of the panel and how they come back. Called by the commands `backup` and `restore` and by the nightly job."""
