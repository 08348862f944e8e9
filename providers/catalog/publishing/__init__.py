"""The catalog follows the providers' lists, the markups and staff's choices. Called by the sync and the admin."""
