"""Orders found and listed: search, paging, export. Called by the customers' and the staff's lists and by the API."""
