"""Serves the panel: by itself with its jobs (the embedded default), or as the web part beside workers and beat."""

import os
import time
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from panel.ops.backup.running import say_it_runs
from panel.ops.data_keys import DataKeysReplacedError, check_data_keys
from panel.ops.metrics.files import clean_up
from panel.serving import PanelServer

DATABASE_SECONDS = 30
LARGEST_PORT = 65_535


class Command(BaseCommand):
    help = "Serve the panel. Without REDIS_URL the jobs run in the same process; with it, workers and beat run them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind", type=address, default=f"127.0.0.1:{settings.PORT}", help="HOST:PORT (default %(default)s)"
        )
        parser.add_argument("--no-jobs", action="store_true", help="Only pages: the jobs are run by something else.")

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # what it writes into the data directory is for its owner
        wait_for_database(seconds=DATABASE_SECONDS)
        refuse_old_schema()
        refuse_other_keys()
        clean_up()
        has_jobs = not settings.REDIS_URL and not options["no_jobs"]
        if options["no_jobs"]:
            settings.EXPECT_JOBS = False  # read by the health page of the processes forked from this one
        connections.close_all()  # a connection must not be shared with the forked worker
        workers = 1 if has_jobs else web_processes()
        with say_it_runs():
            PanelServer(bind=options["bind"], jobs=has_jobs, workers=workers).run()


def web_processes() -> int:
    """How many processes serve pages where they run no jobs: WEB_CONCURRENCY, by default two with Redis, else one.

    CommandError for several without Redis: each would count failed sign-ins and used codes for itself.
    """
    given = os.environ.get("WEB_CONCURRENCY", "")
    if given and not (given.isascii() and given.isdecimal() and int(given) > 0):
        raise CommandError(_("WEB_CONCURRENCY must be a whole number of 1 or more."))
    processes = int(given or (2 if settings.REDIS_URL else 1))
    if processes > 1 and not settings.REDIS_URL:
        text = _(
            "WEB_CONCURRENCY is %(processes)d, but several web processes need Redis to share sign-in limits and used "
            "two-factor codes: set REDIS_URL, or WEB_CONCURRENCY=1."
        )
        raise CommandError(text % {"processes": processes})
    return processes


def address(text: str) -> str:
    """For `add_argument(type=address)`: HOST:PORT."""
    host, _colon, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > LARGEST_PORT:
        raise ArgumentTypeError(_("“%(text)s” is not HOST:PORT.") % {"text": text[:60]})
    return text


def refuse_other_keys() -> None:
    """CommandError when DATA_KEYS are not those that this database was sealed with."""
    try:
        check_data_keys()
    except DataKeysReplacedError as error:
        raise CommandError(str(error)) from None


def wait_for_database(*, seconds: float) -> None:
    """Return once the database answers; CommandError when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise CommandError(_("The database does not answer: %(error)s") % {"error": error}) from None
            time.sleep(0.5)


def refuse_old_schema() -> None:
    """CommandError when the database lacks a migration: old tables under new code would fail later, and worse."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        text = ngettext(
            "The database lacks %(count)d migration: run `manage.py migrate` first.",
            "The database lacks %(count)d migrations: run `manage.py migrate` first.",
            len(missing),
        )
        raise CommandError(text % {"count": len(missing)})
