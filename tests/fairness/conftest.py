"""The trial counts what happens in real seconds, so it is no part of a test run: `make fairness` carries it out."""

import os

collect_ignore_glob = [] if "FAIRNESS" in os.environ else ["test_*.py"]
