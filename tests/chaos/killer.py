"""Kills, stops, empties and restarts, at moments drawn by the seed. Lives in the main thread: it owns the servers."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from threading import Timer
from urllib.parse import urlsplit

import redis

from tests.chaos.services import Part, World
from tests.process.processes import offspring

KILLS = {
    "scale": {
        "kill a worker's child": 12,
        "kill a worker's parent": 7,
        "kill a whole worker": 4,
        "kill a web process": 7,
        "kill the web's parent": 4,
        "kill the whole web": 3,
        "kill a beat": 5,
        "kill redis": 3,
        "kill postgres": 1,
        "kill a postgres backend": 2,
        "restart postgres at once": 2,
    },
    "one process": {"kill the whole panel": 12, "kill the panel's parent": 3, "kill the panel's process": 5},
}
OTHERS = {
    "scale": {
        "stop a worker's child": 4,
        "stop a whole worker": 3,
        "stop a web process": 3,
        "stop a beat": 1,
        "stop redis": 2,
        "stop postgres": 2,
        "flush redis": 3,
        "roll the workers": 2,
        "roll the web": 1,
    },
    "one process": {"stop the panel's process": 4, "roll the panel": 2},
}
"""On top of the kills, one for every two."""
SERVER_PAUSE = 10
"""A database or broker is not stopped longer: nothing at all would happen meanwhile."""


class Killer:
    """`tick` does what is due at a part of the run; `end` waits until everything goes on that was stopped."""

    def __init__(self, world: World) -> None:
        self.done: Counter[str] = Counter()
        self._world = world
        self._dice = random.Random(f"{world.plan.seed}:killer")
        self._pauses: list[Timer] = []
        self._due = self._schedule()

    @property
    def left(self) -> int:
        return len(self._due)

    def tick(self, progress: float) -> None:
        """`progress` goes from 0 to 1 over the run."""
        while self._due and self._due[0][0] <= progress:
            what = self._due.pop(0)[1]
            with suppress(ProcessLookupError):  # it was gone already: the next tick finds it started again
                self._carry_out(what)
            self.done[what] += 1

    def end(self) -> None:
        for pause in self._pauses:
            pause.join()

    def _schedule(self) -> list[tuple[float, str]]:
        plan = self._world.plan
        size = "one process" if plan.is_sqlite else "scale"
        names = _spread(KILLS[size], plan.kills, self._dice) + _spread(OTHERS[size], (plan.kills + 1) // 2, self._dice)
        self._dice.shuffle(names)
        moments = sorted(self._dice.uniform(0.03, 0.97) for _ in names)
        return list(zip(moments, names, strict=True))

    def _carry_out(self, what: str) -> None:
        verb, _, target = what.partition(" ")
        if target in ("redis", "postgres", "a postgres backend", "postgres at once"):
            self._at_server(verb, target)
        elif verb == "roll":
            for part in self._parts(target):
                send(_pids(part, target, self._dice)[:1], signal.SIGTERM)
        else:
            part = self._dice.choice(self._parts(target))
            self._hit(verb, _pids(part, target, self._dice))

    def _at_server(self, verb: str, target: str) -> None:
        world = self._world
        server = world.redis if target == "redis" else world.postgres
        assert server is not None
        parent, children = server.process.pid, offspring(server.process.pid)
        if verb == "flush":
            self._flush()
        elif verb == "stop":
            self._hit(verb, [parent, *children], most=SERVER_PAUSE)
        elif target == "a postgres backend":
            send([self._dice.choice(children)], signal.SIGKILL)
            server.wait()
        else:
            send([parent], signal.SIGQUIT if verb == "restart" else signal.SIGKILL)
            send([parent, *children], signal.SIGCONT)  # where it is stopped just now
            server.start()

    def _flush(self) -> None:
        address = urlsplit(self._world.env["REDIS_URL"])
        with suppress(redis.RedisError):  # it is stopped or just coming up: the next one empties it
            redis.Redis(host=str(address.hostname), port=int(address.port or 0), socket_timeout=3).flushall()

    def _hit(self, verb: str, pids: list[int], most: int = 3600) -> None:
        if verb == "kill":
            send(pids, signal.SIGKILL)
            return
        longest = min(most, self._world.plan.longest_pause)
        pause = Timer(self._dice.uniform(2, longest), send, [pids, signal.SIGCONT])
        send(pids, signal.SIGSTOP)
        pause.start()
        self._pauses.append(pause)

    def _parts(self, target: str) -> list[Part]:
        found = [part for part in self._world.parts if part.kind in target]
        running = [part for part in found if part.pid is not None]
        if not running:
            raise ProcessLookupError
        return running


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """The signal to each that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _pids(part: Part, target: str, dice: random.Random) -> list[int]:
    """Which of the part's processes are meant: a child, the parent, or all."""
    if part.pid is None:
        raise ProcessLookupError
    children = part.children()
    if "whole" in target:
        return [part.pid, *children]
    if ("child" in target or "process" in target) and children:
        return [dice.choice(children)]
    return [part.pid]


def _spread(weights: dict[str, int], count: int, dice: random.Random) -> list[str]:
    """`count` names in the weights' proportion; what that leaves open goes to those that would not come at all."""
    total = sum(weights.values())
    counts = {name: count * weight // total for name, weight in weights.items()}
    rest = dice.sample(sorted(weights), len(weights))
    rest.sort(key=lambda name: counts[name] > 0)
    for name in rest[: count - sum(counts.values())]:
        counts[name] += 1
    return [name for name, number in counts.items() for _ in range(number)]
