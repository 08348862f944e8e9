"""Fields, bulk writes, snapshots and large migrations on SQLite and PostgreSQL. Called by models and jobs."""
