"""The customers' API: the industry's "API v2", served. One address; each action makes the site's own domain calls."""
