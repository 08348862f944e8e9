"""Runs serve pages, whose static files have to be collected, as for the other tests of real processes."""

from tests.process.conftest import _static_files as _static_files
