"""The web server's own reader of requests: its rate against gunicorn's threads, and customers' waits under attack.

Run by `make bench`; the measuring is in slow_senders.py.
"""

import sys

from bench.drive import drive

if __name__ == "__main__":
    sys.exit(drive(part="slow_senders", databases=["PostgreSQL"]))
