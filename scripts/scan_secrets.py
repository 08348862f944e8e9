"""Secrets that slipped into the tree: keys of known makes, private keys, and long random values under telling names.

Called by `make lint`; needs no network. What is found and meant, such as a key of a test, is kept as the SHA-256 of its
text in scripts/known_secrets.txt, written by `python -m scripts.scan_secrets --keep` after a look.
"""

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "scripts" / "known_secrets.txt"
LEFT_OUT = ("static/vendor/", "requirements/", "docs/screenshots/")
LARGEST = 1_000_000
LEAST_BITS = 3.2
"""Entropy for each character from which on a value under a telling name is taken for a random one."""

MAKES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}|\bglpat-[\w-]{20,}"
    r"|\b[sr]k_live_[0-9A-Za-z]{16,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}|\bwhsec_[A-Za-z0-9+/=]{24,}"
    r"|\bpk_[a-z0-9]{8}_[\w-]{43}|\b\d{8,10}:[\w-]{35}\b|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r"|\b[a-z][a-z+]*://[^\s:/@'\"<>{}$]+:[^\s:/@'\"<>{}$]{8,}@[\w.-]+"
)
NAMED = re.compile(
    r"(?i)(?:secret|passw(?:or)?d|token|api_?key|data_keys?|pepper)\w*['\"]?\s*[:=]\s*['\"]?([A-Za-z0-9+/=_\-]{20,})"
)


def found_in(text: str) -> Iterator[str]:
    """Every text in it that looks like a secret."""
    for match in MAKES.finditer(text):
        yield match[0]
    for match in NAMED.finditer(text):
        if is_random(match[1]):
            yield match[1]


def is_random(value: str) -> bool:
    """Whether the value has letters and digits, and few that come again: names and words do not."""
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values()) >= LEAST_BITS


def digest(value: str) -> str:
    """By what a value that is meant is kept: it is not repeated in the list."""
    return hashlib.sha256(value.encode()).hexdigest()


def tracked() -> list[str]:
    """The files of the tree; where it is no git repository, there is nothing that could be committed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in listed.stdout.split("\0") if name]


def look() -> dict[str, str]:
    """What looks like a secret in the files that git knows: digest, and where it stands first."""
    found: dict[str, str] = {}
    for name in tracked():
        path = ROOT / name
        if name.startswith(LEFT_OUT) or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for value in found_in(line):
                found.setdefault(digest(value), f"{name}:{number}")
    return found


def main() -> None:
    """Exit status 1 with the places of what is new; with --keep all that is found now is taken as meant."""
    found = look()
    if "--keep" in sys.argv:
        KNOWN.write_text("".join(f"{one}  {place}\n" for one, place in sorted(found.items(), key=lambda item: item[1])))
        return
    known = {line.split()[0] for line in KNOWN.read_text().splitlines() if line.strip()}
    new = [place for one, place in found.items() if one not in known]
    if new:
        sys.exit("This looks like a secret: " + ", ".join(sorted(new)))


if __name__ == "__main__":
    main()
