"""`make sbom`: write requirements/sbom.json, a bill of materials of the lock files in CycloneDX 1.6.

The same lock files give the same bytes: there is no time in it, and its serial number comes from its content.
"""

import json
import tomllib
import uuid
from typing import Any

from scripts.locked import DEV, ROOT, RUNTIME, Pin, pins

TARGET = ROOT / "requirements" / "sbom.json"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json")


def bill() -> dict[str, Any]:
    """What the panel is made of: parts that run with it are required, those for tests and development excluded."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    runtime = pins(RUNTIME)
    parts = [_component(pin, "required") for pin in runtime]
    parts += [_component(pin, "excluded") for pin in pins(DEV) if pin not in runtime]
    about = {"type": "application", "bom-ref": project["name"], "name": project["name"], "version": project["version"]}
    content = json.dumps([about, parts], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, content)}",
        "version": 1,
        "metadata": {"component": about},
        "components": parts,
    }


def text() -> str:
    return json.dumps(bill(), indent=1) + "\n"


def _component(pin: Pin, scope: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{pin.name}@{pin.version}"
    component = {
        "type": "library", "bom-ref": purl, "name": pin.name, "version": pin.version, "scope": scope, "purl": purl
    }  # fmt: skip
    if pin.marker:
        return component | {"properties": [{"name": "python:marker", "value": pin.marker}]}
    return component


def main() -> None:
    TARGET.write_text(text())
    print(f"Written: {TARGET.relative_to(ROOT)}, {len(bill()['components'])} parts")


if __name__ == "__main__":
    main()
