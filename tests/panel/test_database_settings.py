"""The settings of the database as they follow from its address."""

from environ import Env

from panel.database_settings import database


def test_what_the_address_says_of_tls_holds() -> None:
    address = "postgres://panel:x@db.example/panel?sslmode=verify-full&sslrootcert=/etc/ca.pem"
    options = database(Env.db_url_config(address))["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/ca.pem")
    assert "statement_timeout=60s" in options["options"]
