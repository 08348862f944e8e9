"""Each status and each platform has one color, icon and label."""

import pytest

from orders.models import Cancellation, Refill
from orders.rules.states import State, word_for_customer
from panel.web import icons


@pytest.mark.parametrize("word", [*State, *Refill.State.values, *Cancellation.State.values])
def test_every_state_has_a_badge(word: str) -> None:
    assert icons.badge_of(word).icon != "state-unknown"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("said", ["Pending", "Processing", "In progress", ""])
def test_every_status_of_customers_has_a_badge(state: State, said: str) -> None:
    word = word_for_customer(state, said)
    assert icons.badge_of(word).label == word


@pytest.mark.parametrize(
    ("word", "tone"),
    [
        ("Pending", "neutral"),
        ("Processing", "blue"),
        ("In progress", "blue"),
        ("Completed", "green"),
        ("COMPLETED", "green"),
        ("Partial", "amber"),
        ("UNCONFIRMED", "amber"),
        ("Canceled", "red"),
        ("REJECTED", "red"),
    ],
)
def test_a_status_has_one_color_for_customers_and_staff(word: str, tone: str) -> None:
    assert icons.badge_of(word).tone == tone


def test_an_unknown_status_is_shown_as_it_is() -> None:
    assert icons.badge_of("Frozen") == icons.Badge("frozen", "Frozen", "neutral", "state-unknown")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://www.instagram.com/p/abc/", "Instagram"),
        ("instagram.com/someone", "Instagram"),
        ("https://vm.tiktok.com/x", "TikTok"),
        ("https://youtu.be/dQw4w9WgXcQ", "YouTube"),
        ("https://x.com/a/status/1", "X"),
        ("https://netflix.com/x", "Website"),
        ("https://t.me/channel", "Telegram"),
        ("https://example.com/instagram", "Website"),
        ("https://instagram.com.evil.example/", "Website"),
        ("http://[broken", "Website"),
        ("Instagram Followers [Real]", "Instagram"),
        ("TIK TOK views", "TikTok"),
        ("X (Twitter) retweets", "X"),
        ("Spotify plays", "Spotify"),
        ("Twitch followers", "Twitch"),
        ("Facebook page likes", "Facebook"),
        ("Traffic from everywhere", "Website"),
        ("", "Website"),
    ],
)
def test_the_platform_of_a_link_or_a_name(text: str, name: str) -> None:
    assert icons.platform_of(text).name == name
