"""The rules of orders as pure functions and tables, without a database. Called by all of orders."""
