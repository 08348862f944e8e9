"""The staff's pages over a million orders and ten million transfers, on PostgreSQL.

Run by `make bench`; the measuring is in staff_pages.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="staff_pages", databases=["PostgreSQL"]))
