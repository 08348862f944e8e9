"""The first run makes its secrets, for its owner's eyes alone, and finds them again."""

from pathlib import Path

from panel.first_run import load_or_create_secrets


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = load_or_create_secrets(tmp_path / "var")
    assert load_or_create_secrets(tmp_path / "var") == made
    assert load_or_create_secrets(tmp_path / "other") != made
    assert min(len(one) for one in made.values()) >= 40
    files = [path for path in (tmp_path / "var").iterdir() if path.is_file()]
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600"] * len(files)
    assert files
