"""The harness itself: blows fall as the seed says, faults add up to their share, and a secret in a log is found."""

from collections import Counter
from pathlib import Path

import pytest

from providers.simulator.faults import KNOWN, Faults
from tests.chaos.canary import find_canaries
from tests.chaos.faults import ACTIONS, shares
from tests.chaos.killer import KILLS, OTHERS, Killer
from tests.chaos.plan import read_plan
from tests.chaos.services import World


def world(folder: Path, *argv: str) -> World:
    return World(read_plan(argv), folder, {}, "", {}, [], [], None, None, canaries=["canary-1"])


@pytest.mark.parametrize(("argv", "size", "kills"), [((), "scale", 50), (("--sqlite",), "one process", 20)])
def test_every_blow_falls_in_a_full_run(tmp_path: Path, argv: tuple[str, ...], size: str, kills: int) -> None:
    planned = Killer(world(tmp_path, *argv))._due
    names = Counter(name for _, name in planned)
    assert sum(names[name] for name in KILLS[size]) == kills
    assert set(names) == {*KILLS[size], *OTHERS[size]}
    assert [at for at, _ in planned] == sorted(at for at, _ in planned)
    assert planned == Killer(world(tmp_path, *argv))._due
    assert planned != Killer(world(tmp_path, *argv, "--seed", "2"))._due


def test_each_action_has_its_share_of_faults_and_all_are_known() -> None:
    found = shares(0.25)
    for action in KNOWN:
        assert sum(share for name, share in found.items() if name.startswith(f"{action}.")) == pytest.approx(0.25)
    assert set(ACTIONS) == set(KNOWN)
    Faults(seed=1, shares=found)


def test_a_secret_in_a_log_is_found(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("a line\nkey=canary-1\n")
    assert find_canaries(world(tmp_path)) == ["canary-1… in web.log"]
    (tmp_path / "web.log").write_text("a line\n")
    assert find_canaries(world(tmp_path)) == []
