"""The catalog of attacks names tests that exist, and its table says plainly what did not hold."""

from scripts.attack import Ran, judge, table
from tests.attack.catalog import ATTACKS, Attack
from tests.test_security_table import missing


def test_what_it_names_exists() -> None:
    named = [test for attack in ATTACKS for test in attack.tests]
    assert len(ATTACKS) > 25
    assert [test for test in named if missing(test)] == []
    assert len({attack.what for attack in ATTACKS}) == len(ATTACKS)


def ran(name: str, *, is_broken: bool = False, is_left_out: bool = False, figure: str = "") -> Ran:
    return Ran(name, is_broken, is_left_out, (figure,) if figure else ())


def test_an_attack_holds_where_every_test_of_it_ran_and_passed() -> None:
    attack = Attack("An attack", ("tests/a.py", "tests/b.py::test_one"))
    whole = [ran("tests/a.py::test_x", figure="5 ms"), ran("tests/b.py::test_one"), ran("tests/b.py::test_other")]
    assert judge(attack, whole).held == "yes"
    assert judge(attack, whole).tests == 2
    broken = [*whole, ran("tests/a.py::test_y", is_broken=True)]
    assert judge(attack, broken).held == "NO"
    assert judge(attack, whole[:1]).held == "NOT TRIED"
    assert judge(attack, [whole[0], ran("tests/b.py::test_one", is_left_out=True)]).held == "NOT TRIED"
    assert judge(attack, []).held == "NOT TRIED"
    said = table([(attack, judge(attack, broken))]).splitlines()
    assert said[1].split() == ["An", "attack", "3", "NO", "5", "ms"]
    assert said[2] == "    did not hold: tests/a.py::test_y"
