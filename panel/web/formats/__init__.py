"""How the admin writes dates. Django looks for the language below this package."""
