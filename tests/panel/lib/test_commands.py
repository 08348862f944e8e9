"""An operator's command: one JSON object, one line for bad input."""

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandParser

from panel.lib.commands import Answer, BadInput, OperatorCommand, amount


class Sell(OperatorCommand):
    requires_system_checks: list[str] = []

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("price", type=amount)

    def work(self, **options: Any) -> Answer:
        if options["price"] > 100:
            raise BadInput("Nobody pays\nthat much.")
        return Answer(text="Sold.", data={"price": options["price"]}, exit_status=1 if options["price"] == 7 else 0)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    status: object = 0
    try:
        Sell().run_from_argv(["manage.py", "sell", *arguments])
    except SystemExit as exit_:
        status = exit_.code
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.fixture(autouse=True)
def _connections_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)


def test_people_read_text_and_programs_read_amounts_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "12.500") == (0, "Sold.\n", "")
    assert run(capsys, "12.500", "--json") == (0, '{"price": "12.5"}\n', "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["101"], "Nobody pays that much.\n"),
        (["12,5"], "argument price: “12,5” is not an amount. Enter it like 12.50.\n"),
        ([], "the following arguments are required: price\n"),
        (["1", "--no-such"], "unrecognized arguments: --no-such\n"),
    ],
)
def test_bad_input_is_one_line_and_status_two(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.endswith(line)
    assert err.count("\n") == 1


def test_an_answer_may_carry_its_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "7") == (1, "Sold.\n", "")


def test_from_python_bad_input_is_an_exception() -> None:
    out = io.StringIO()
    call_command(Sell(), "3", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"price": "3"}
    with pytest.raises(BadInput, match="Nobody pays that much"):
        call_command(Sell(), "101")
    assert Decimal("101") == amount("101")
