"""The ledger check, the balances of the house and the roll-up of reports against ten times the history.

Run by `make bench`; the measuring is in ledger.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="ledger", databases=["PostgreSQL", "SQLite"]))
