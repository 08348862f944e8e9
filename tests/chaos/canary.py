"""Looks for secrets where none may be: logs, mails, Redis, the database."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.services import World
from tests.throwaway import postgres_binaries


def find_canaries(world: World) -> list[str]:
    """Where which secret was found; empty when nowhere. To be asked while the servers still run."""
    return [
        f"{canary[:18]}… in {where}"
        for where, content in _everything(world)
        for canary in world.canaries
        if canary.encode() in content
    ]


def _everything(world: World) -> Iterator[tuple[str, bytes]]:
    folders = [world.folder, *([world.redis.folder] if world.redis else [])]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(folder)), path.read_bytes()
    if world.postgres:
        yield "postgres log", (world.postgres.folder / "log").read_bytes()
        yield "database dump", _dump(world.env["DATABASE_URL"])


def _dump(url: str) -> bytes:
    address = urlsplit(url)
    binaries = postgres_binaries() or Path()
    command = [binaries / "pg_dump", "-h", address.hostname, "-p", str(address.port), "-U", address.username, "panel"]
    return subprocess.run([str(part) for part in command], capture_output=True, check=True).stdout
