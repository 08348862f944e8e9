"""A customer's list of 1,000,000 orders against a list of 1,000, on PostgreSQL.

Run by `make bench`; the measuring is in orders_list.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="orders_list", databases=["PostgreSQL"]))
