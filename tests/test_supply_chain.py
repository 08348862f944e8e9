"""What the panel is made of is listed and looked up in advisories; a look-up that failed is not called clean."""

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts import audit, sbom
from scripts.audit import Hole
from scripts.locked import DEV, RUNTIME, Pin, pins

LOCKED = [Pin("django", "5.2.1"), Pin("ruamel-yaml", "1.0")]


def record(number: str, *, name: str = "Django", **affected: Any) -> dict[str, Any]:
    return {"id": number, "affected": [{"package": {"ecosystem": "PyPI", "name": name}, **affected}]}


def between(*events: dict[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


def pip_audit_says(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, stdout=said, stderr="")

    monkeypatch.setattr(audit.subprocess, "run", run)


def test_the_bill_of_materials_is_that_of_the_lock_files() -> None:
    assert sbom.TARGET.read_text() == sbom.text(), "run `make sbom`"
    parts = {part["purl"]: part["scope"] for part in json.loads(sbom.text())["components"]}
    expected = {f"pkg:pypi/{pin.name}@{pin.version}": "excluded" for pin in pins(DEV)}
    assert parts == expected | {f"pkg:pypi/{pin.name}@{pin.version}": "required" for pin in pins(RUNTIME)}


def test_every_pin_of_a_lock_file_is_read() -> None:
    for lock in (RUNTIME, DEV):
        lines = (sbom.ROOT / lock).read_text().splitlines()
        assert len(pins(lock)) == sum("==" in line and not line.startswith(" ") for line in lines) > 30
    assert Pin("async-timeout", next(p.version for p in pins(RUNTIME) if p.name == "async-timeout"),
               "python_full_version < '3.11.3'") in pins(RUNTIME)  # fmt: skip


@pytest.mark.parametrize(
    ("affected", "found"),
    [
        ({"versions": ["5.2.1"]}, True),
        ({"versions": ["5.2"]}, False),
        (between({"introduced": "0"}, {"fixed": "5.2.2"}), True),
        (between({"introduced": "0"}, {"fixed": "5.2.1"}), False),
        (between({"introduced": "5.2.2"}), False),
        (between({"introduced": "4"}, {"fixed": "5.1"}, {"introduced": "5.2"}), True),
        (between({"introduced": "5.0"}, {"last_affected": "5.2.1"}), True),
        (between({"introduced": "5.0"}, {"last_affected": "5.2"}), False),
    ],
)
def test_a_local_copy_is_matched_by_version(tmp_path: Path, affected: dict[str, Any], found: bool) -> None:
    (tmp_path / "one.json").write_text(json.dumps(record("PYSEC-1", **affected)))
    holes = audit.by_local_copy(tmp_path, LOCKED)
    assert [hole.advisory for hole in holes] == ["PYSEC-1"] * found


def test_a_zip_names_are_alike_and_what_was_withdrawn_is_left_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.json", json.dumps(record("A", name="ruamel.yaml", versions=["1.0"])))
        archive.writestr("b.json", json.dumps(record("B", versions=["5.2.1"]) | {"withdrawn": "2026-01-01T00:00:00Z"}))
        archive.writestr("c.json", json.dumps(record("C", name="other", versions=["5.2.1"])))
    assert audit.by_local_copy(tmp_path / "all.zip", LOCKED) == [Hole("ruamel-yaml", "1.0", "A")]


def test_what_pip_audit_finds_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    vulns = [{"id": "CVE-1", "fix_versions": ["5.2.2"], "description": "x"}]
    pip_audit_says(
        monkeypatch, json.dumps({"dependencies": [{"name": "django", "version": "5.2.1", "vulns": vulns}], "fixes": []})
    )
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines()[0] == "django 5.2.1: CVE-1, fixed in 5.2.2"


@pytest.mark.parametrize(
    "said", ["", "<html>", "{}", '{"dependencies": [{"name": "django", "skip_reason": "not found"}]}']
)
def test_where_nothing_was_checked_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    monkeypatch.delenv("ADVISORIES", raising=False)
    pip_audit_says(monkeypatch, said)
    audit.main()
    said_last = capsys.readouterr().out.splitlines()[-1]
    assert said_last == audit.NOTHING


def test_without_a_network_the_local_copy_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_audit_says(monkeypatch, "")
    monkeypatch.setenv("ADVISORIES", str(tmp_path))
    (tmp_path / "one.json").write_text(json.dumps(record("PYSEC-1", versions=["0.1"])))
    audit_ends_with(0)
    version = next(pin.version for pin in pins(RUNTIME) if pin.name == "django")
    (tmp_path / "two.json").write_text(json.dumps(record("PYSEC-2", versions=[version])))
    audit_ends_with(1)
    assert f"django {version}: PYSEC-2" in capsys.readouterr().out


def audit_ends_with(status: int) -> None:
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code == status
