"""What the strict Content-Security-Policy and the file tree ask of every template, style sheet and script."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template
from django.test import override_settings

from panel.web import icons, navigation

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "static"
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
OUR_STATIC = sorted((STATIC / "panel").iterdir())


def symbols(sheet: str) -> set[str]:
    return set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / sheet).read_text()))


ICONS = symbols("vendor/bootstrap-icons/sprite.svg") | symbols("panel/icons.svg")


@pytest.mark.parametrize("name", ALL)
def test_a_template_is_valid_and_keeps_the_policy(name: str) -> None:
    get_template(name)
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"<style|\sstyle=", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert "hx-on" not in text
    assert not re.search(r'(src|href)="(https?:)?//', text)


@pytest.mark.parametrize("name", ALL)
def test_the_icons_and_files_a_template_names_exist(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    assert set(re.findall(r'{% icon "([^"]+)"', text)) <= ICONS
    for path in re.findall(r"{% static [\"']([^\"']+)[\"']", text):
        assert finders.find(path), path
    for path in re.findall(r'"/static/([^"]+)"', text):
        assert finders.find(path), path


def test_the_icons_that_code_names_exist() -> None:
    named = {badge.icon for badge in icons.BADGES.values()}
    named |= {platform.icon for platform in (*icons.PLATFORMS, icons.GENERIC)}
    named |= {page.icon for page in (*navigation.CUSTOMER, *navigation.STAFF)}
    for script in ("panel.js", "requests.js"):
        text = (STATIC / "panel" / script).read_text()
        named |= set(re.findall(r'sprite\("([a-z0-9-]+)"\)', text))
        tones = re.search(r"TONE_ICONS = \{(.*?)\}", text)
        named |= set(re.findall(r': "([a-z0-9-]+)"', tones[1])) if tones else set()
    assert named - ICONS == set()


@pytest.mark.parametrize("path", OUR_STATIC, ids=lambda path: path.name)
def test_our_own_files_ask_no_other_host(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://", text)
    assert not re.search(r"\beval\(|new Function|innerHTML", text)


@pytest.mark.parametrize("folder", sorted(p for p in (STATIC / "vendor").iterdir() if p.is_dir()), ids=lambda p: p.name)
def test_what_is_vendored_says_its_version_and_licence(folder: Path) -> None:
    version = (folder / "VERSION").read_text().strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert len((folder / "LICENSE").read_text()) > 300
    listed = re.search(rf"^\| `{folder.name}/` .*$", (STATIC / "vendor" / "README.md").read_text(), re.MULTILINE)
    assert listed is not None
    assert f"| {version} |" in listed[0]
    files = {p.name for p in folder.iterdir()} - {"VERSION", "LICENSE"}
    assert all(name in listed[0] or name.startswith("inter-") for name in files)


def test_no_vendored_sheet_or_script_names_a_source_map() -> None:
    for path in (STATIC / "vendor").rglob("*"):
        if path.suffix in {".css", ".js"}:
            assert "sourceMappingURL" not in path.read_text(), path.name


def test_the_manifest_of_static_files_can_be_built(tmp_path: Path) -> None:
    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()
    assert len(list((tmp_path / "panel").glob("tokens.*.css"))) == 1
