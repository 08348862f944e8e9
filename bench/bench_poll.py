"""Following 100,000 open orders at a provider that takes 200 ms to answer, on PostgreSQL.

Run by `make bench`; the measuring is in poll.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="poll", databases=["PostgreSQL"]))
