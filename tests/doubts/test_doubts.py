"""What evidence says of doubts over days of a shop: nothing wrong, and by itself only where ids can be trusted.

`make doubts` plays thousands of doubts; each trial's figures are told at the end of the run.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from orders.unconfirmed.probe import MAX_CALLS
from providers.models import PROBES_TO_TRUST
from tests.doubts.market import Habits
from tests.doubts.trial import Score, Shop, Trial

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = int(os.environ.get("DOUBTS", "0"))
SHOP = Shop() if ASKED else Shop(orders_a_day=4320, doubtful=0.1, shared=PROBES_TO_TRUST)
FEW = 20
"""Of `make test`, where the same few doubts are played each time."""
Played = Callable[[Habits, Shop, int], Score]


@pytest.fixture
def played(record_property: Callable[[str, object], None], caplog: pytest.LogCaptureFixture) -> Played:
    """Play a trial, and keep its figures for the end of the run."""
    caplog.set_level(logging.CRITICAL)

    def play(habits: Habits, shop: Shop, asked: int) -> Score:
        score = Trial(habits, shop, seed=1).run(doubts=asked or FEW)
        record_property("score", str(score))
        return score

    return play


@pytest.mark.parametrize(
    ("ids_a_second", "decided", "of_few"),
    [
        pytest.param(0.05, 0.95, 0.95, id="an id in 20 seconds", marks=pytest.mark.trial),
        pytest.param(0.5, 0.95, 0.7, id="an id in 2 seconds"),
        pytest.param(5, 0.35, 0.35, id="5 ids a second", marks=pytest.mark.trial),
    ],
)
def test_nothing_that_evidence_says_is_wrong(
    played: Played, ids_a_second: float, decided: float, of_few: float
) -> None:
    """What has to be decided: where ids are many, what was not placed cannot be ruled out in so few calls."""
    score = played(Habits(ids_a_second=ids_a_second), SHOP, ASKED // 3)
    assert score.wrong == []
    assert score.decided >= (decided if ASKED else of_few)
    assert score.most_calls <= MAX_CALLS
    assert score.adopted > 0


@pytest.mark.parametrize(
    ("habits", "by_hand"),
    [
        pytest.param(Habits(), 0.05, id="the key is used by hand as well"),
        pytest.param(Habits(is_open=True), 0, id="it answers for everybody", marks=pytest.mark.trial),
        pytest.param(Habits(is_random=True), 0, id="its ids are random", marks=pytest.mark.trial),
        pytest.param(Habits(ids_a_second=60), 0, id="too many order there", marks=pytest.mark.trial),
    ],
)
def test_where_ids_cannot_be_trusted_nothing_is_adopted(played: Played, habits: Habits, by_hand: float) -> None:
    score = played(habits, replace(SHOP, by_hand=by_hand, shared=0), ASKED // 30)
    assert score.adopted == 0
    assert score.cases >= FEW
