"""The customers' API against an empty page of the same server, on PostgreSQL.

Run by `make bench`; the measuring is in orders_api.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="orders_api", databases=["PostgreSQL"]))
