"""What is shipped beside the code: the compose file, the image, the lock files and the list of tasks."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from panel.celery import app

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return loaded


def test_the_compose_file_fits_its_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_part_is_watched_and_keeps_its_data(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"web", "worker", "placing", "beat", "migrate", "postgres", "redis"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate"}
    named = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert named == set(compose["volumes"]) == {"data", "postgres", "redis"}


def test_every_queue_has_a_worker(compose: dict[str, Any]) -> None:
    commands = {name: service.get("command", []) for name, service in compose["services"].items()}
    read = {name: command[command.index("--queues") + 1] for name, command in commands.items() if "worker" in command}
    assert read == {"worker": "panel", "placing": "panel-placing"}
    assert list(app.conf.task_queues) == ["panel", "panel-placing"]


def test_nothing_starts_on_tables_that_are_not_ready(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "placing", "beat"):
        waits = compose["services"][name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["redis"]["condition"] == "service_healthy"
    assert compose["services"]["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_servers_are_reached_from_inside_only(compose: dict[str, Any]) -> None:
    for name in ("postgres", "redis"):
        assert "ports" not in compose["services"][name]
        assert compose["services"][name]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]


def test_the_broker_evicts_nothing_and_writes_to_disk(compose: dict[str, Any]) -> None:
    command = compose["services"]["redis"]["command"]
    assert command == ["redis-server", "--maxmemory-policy", "noeviction", "--appendonly", "yes"]


def test_no_secret_is_in_the_compose_file_or_the_example(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?set it in .env}"
    example = (ROOT / ".env.example").read_text().splitlines()
    assert "POSTGRES_PASSWORD=" in example
    assert [line for line in example if re.match(r"(SECRET_KEY|DATA_KEYS|API_PEPPER)", line)] == []


def test_the_image_runs_as_nobody_special_and_takes_only_what_exists() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line for line in lines if line.startswith("USER")]
    assert users == ["USER panel"]
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    assert [name for name in copied if not (ROOT / name).exists()] == []
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name.partition("/")[0] for name in copied} == allowed


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt"])
def test_a_lock_file_has_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    pins = re.split(r"\n(?=\S)", text.strip())
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
    assert "://" not in text
    assert "index-url" not in text


def test_make_alone_lists_every_task() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {line.split()[1] for line in done.stdout.splitlines()} == tasks
    assert tasks >= {"help", "setup", "run", "test", "lint", "bench", "lock", "clean"}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"^(make [a-z]+) +# .*tests", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands == ["make test"]
    assert re.search(r"^(?:exec )?make test( </dev/null)?$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_page_of_the_root_links_to_what_exists(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
