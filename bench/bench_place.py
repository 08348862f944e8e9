"""Placing orders for many customers against the bare transaction, on PostgreSQL.

Run by `make bench`; the measuring is in place.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="place", databases=["PostgreSQL"]))
