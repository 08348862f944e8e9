"""SQLite as the panel uses it; the settings name this package as the database's engine."""
