"""The migrations since the tables were made, over a million orders of a shop that goes on selling, on PostgreSQL.

Run by `make bench`; the measuring is in migrate.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="migrate", databases=["PostgreSQL"]))
