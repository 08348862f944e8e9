"""The API for customers, the standard "API v2" of SMM panels: one URL whose actions call the same code as the site."""
