"""Crash reports: an error arrives where SENTRY_DSN says, without secrets and persons; else nothing is loaded."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from panel.lib.logs.crash_reports import MASK, clean_text
from tests.scripted import ScriptedServer, answer, scripted

ROOT = Path(__file__).resolve().parents[2]
PEPPER = "canary-pepper-canary-pepper-canary-pepper"


def run(data_dir: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "panel.settings", **environment}
    given.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False
    )


def events(server: ScriptedServer) -> list[dict[str, Any]]:
    """The events of the envelopes that arrived."""
    found = []
    for head, body in zip(server.heads, server.requests, strict=True):
        text = gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body
        lines = [json.loads(line) for line in text.splitlines() if line]
        found += [lines[i + 1] for i, line in enumerate(lines) if line.get("type") == "event"]
    return found


def test_errors_arrive_without_secrets(tmp_path: Path) -> None:
    with scripted(answer(b"{}")) as server:
        dsn = f"http://public@127.0.0.1:{server.port}/1"
        done = run(
            tmp_path, "-m", "tests.panel.crashing", SENTRY_DSN=dsn, SENTRY_RELEASE="9.1", SENTRY_ENVIRONMENT="tests",
            API_PEPPER=PEPPER,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = events(server)
    assert "canary" not in json.dumps(found)
    page, task, line = found
    assert {(one["release"], one["environment"]) for one in found} == {("9.1", "tests")}
    [error] = page["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", f"{MASK} of {MASK}, pepper {MASK}, gone wrong")
    assert error["stacktrace"]["frames"][-1]["function"] == "buy"
    assert (page["transaction"], list(page["tags"])) == ("/buy/{number}/", ["request_id"])
    assert task["exception"]["values"][0]["value"] == "in a task"
    assert task["tags"] == {"task": "tests.fail", "run": "run-9"}
    assert (line["logentry"], line["extra"]) == ({"message": "not well: %s"}, {"provider": 3})
    for one in found:
        assert {"user", "request", "breadcrumbs", "contexts", "modules"} & set(one) == set()


def test_without_a_dsn_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    code = "import django, sys; django.setup(); import panel.celery, panel.wsgi; sys.exit('sentry_sdk' in sys.modules)"
    done = run(tmp_path, "-c", code, SENTRY_DSN="")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("order 17 of 1000 units at https://provider.example/api/v2", "order 17 of 1000 units at https://provider.example/api/v2"),
        ("key 0123456789abcdef0123456789abcdef is wrong", f"key {MASK} is wrong"),
        ("DETAIL: Key (email)=(ada@example.com) already exists.", f"DETAIL: Key (email)=({MASK}) already exists."),
        ("the little-known-word of ours", f"the {MASK} of ours"),
        ("redis://:s3cretpassword@redis.internal:6379/0", MASK),
        ("x" * 3000, "x" * 2000),
    ],
)  # fmt: skip
def test_texts_are_cleaned(text: str, kept: str) -> None:
    assert clean_text(text, ["little-known-word"]) == kept
