"""Every registered task, three times in a row and four times at once: it does what one run does, and no more."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.utils import timezone

from panel.celery import app
from panel.ops.jobs import leases
from panel.ops.models import JobRun
from providers.models import BalanceReading
from tests.fixtures_orders import Store
from tests.races.test_orders import at_once
from tests.scripted import answer, scripted
from tests.tasks.inline import run_at_once
from tests.tasks.scenes import SCENARIOS, Scene

FLOORS = ("orders", "providers", "panel")


app.loader.import_default_modules()


def registered() -> set[str]:
    return {name for name in app.tasks if name.partition(".")[0] in FLOORS}


def test_every_task_has_a_scenario() -> None:
    assert registered() == set(SCENARIOS)


@pytest.fixture
def scene(store: Store, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Scene]:
    """Time stands still, a published task is run at once, and no lease keeps two runs of a job apart."""
    run_at_once(monkeypatch)
    monkeypatch.setattr(leases, "_only_run_in_process", lambda name: nullcontext(True))
    monkeypatch.setattr(leases, "_take", lambda name, seconds: JobRun.objects.get_or_create(name=name)[0].holder)
    settings.ALERT_EMAILS, settings.METRICS_TOKEN = ["boss@example.com"], "a-token-of-the-metrics-page"
    with scripted(answer(b"ok")) as program, time_machine.travel(timezone.now(), tick=False) as time:
        yield Scene(store, program, time)


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours, but the jobs' own records and the readings, of which each run adds one."""
    models = [model for model in apps.get_models() if model.__module__.partition(".")[0] in FLOORS]
    kept = [model for model in models if model not in {JobRun, BalanceReading}]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in kept}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_second_effect(name: str, scene: Scene) -> None:
    scenario, task = SCENARIOS[name], app.tasks[name]
    made = scenario.work(scene)
    arguments = scenario.args(scene, made)
    task(*arguments)
    once, after_one = scenario.look(scene, made), dump()
    task(*arguments)
    task(*arguments)
    assert dump() == after_one
    assert scenario.look(scene, made) == once

    scene.rounds = 1
    made = scenario.work(scene)
    arguments = scenario.args(scene, made)
    came = at_once(*[lambda: task(*arguments)] * 4)
    assert [one for one in came if isinstance(one, Exception)] == []
    assert scenario.look(scene, made) == once
    after_four = dump()
    task(*arguments)
    assert dump() == after_four
