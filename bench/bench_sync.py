"""The sync of a provider's 10,000 services against its floor, on both databases.

Run by `make bench`; the measuring is in sync.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="sync", databases=["PostgreSQL", "SQLite"]))
