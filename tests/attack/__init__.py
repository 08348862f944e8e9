"""The attacks of a penetration test against the running panel. `make attack` runs them all and prints a table.

`catalog.py` names for each attack the tests that carry it out: those here, on real processes, and those that stand
beside the code they attack. `make test` runs all but the files named `full_*.py`, which take long.
"""
