"""Searches over 1,000,000 orders against the lists without a search.

Run by `make bench`; the measuring is in order_search.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="order_search", databases=["PostgreSQL", "SQLite"]))
