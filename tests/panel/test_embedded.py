"""The jobs inside the web process: watched, and stopped in order."""

import threading

import pytest

from panel.embedded import EmbeddedJobs, Part


class FakePart:
    """Runs until it is stopped, or dies at once."""

    def __init__(self, name: str, stopped: list[str], *, dies: bool = False) -> None:
        self.name, self.stopped, self.dies = name, stopped, dies
        self.end = threading.Event()

    def start(self) -> None:
        if not self.dies:
            self.end.wait(30)

    def stop(self) -> None:
        self.stopped.append(self.name)
        self.end.set()


class FakeJobs(EmbeddedJobs):
    """Jobs of fake parts; `died` is set when the watch reports a death."""

    def __init__(self, **parts: FakePart) -> None:
        self.died = threading.Event()
        super().__init__(on_death=self.died.set, look_every=0.01)
        self.parts = parts

    def make_parts(self) -> dict[str, Part]:
        return dict(self.parts)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_death_of_either_part_is_reported(name: str, caplog: pytest.LogCaptureFixture) -> None:
    stopped: list[str] = []
    jobs = FakeJobs(**{part: FakePart(part, stopped, dies=part == name) for part in ("worker", "beat")})
    jobs.start()
    assert jobs.died.wait(10)
    jobs.stop()
    assert stopped == [part for part in ("beat", "worker") if part != name]
    (record,) = [record for record in caplog.records if record.name == "panel.embedded"]
    assert record.levelname == "CRITICAL"
    assert vars(record)["parts"] == name


def test_stopping_is_no_death_and_ends_beat_before_the_worker() -> None:
    stopped: list[str] = []
    jobs = FakeJobs(worker=FakePart("worker", stopped), beat=FakePart("beat", stopped))
    jobs.start()
    jobs.stop()
    assert stopped == ["beat", "worker"]
    assert not jobs.died.is_set()


def test_stopping_what_was_never_started_is_harmless() -> None:
    FakeJobs().stop()
