"""What a state and a platform look like: the same colour, icon and word on every page. Called by the tags; pure."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit


class Mark(NamedTuple):
    """A state's looks: `tone` is a class tone-…, `icon` a symbol of static/panel/icons.svg."""

    label: str
    tone: str
    icon: str


_MARKS = (
    Mark("Pending", "neutral", "state-pending"),
    Mark("Processing", "blue", "state-processing"),
    Mark("In progress", "blue", "state-progress"),
    Mark("Completed", "green", "state-done"),
    Mark("Partial", "amber", "state-partial"),
    Mark("Canceled", "red", "state-canceled"),
    Mark("Queued", "neutral", "state-pending"),
    Mark("Sending", "blue", "state-processing"),
    Mark("Unconfirmed", "amber", "state-doubt"),
    Mark("Review", "amber", "state-doubt"),
    Mark("Active", "blue", "state-progress"),
    Mark("Rejected", "red", "state-canceled"),
    Mark("Wanted", "neutral", "state-pending"),
    Mark("Unknown", "amber", "state-doubt"),
    Mark("No answer", "amber", "state-doubt"),
    Mark("No response", "amber", "state-doubt"),
    Mark("Asked", "blue", "state-processing"),
    Mark("Accepted", "blue", "state-processing"),
    Mark("Done", "green", "state-done"),
    Mark("Too late", "amber", "state-partial"),
    Mark("Refused", "red", "state-canceled"),
    Mark("Waiting", "neutral", "state-pending"),
    Mark("Running", "blue", "state-progress"),
    Mark("Failed", "red", "state-canceled"),
    Mark("Never", "neutral", "state-unknown"),
    Mark("Approved", "green", "state-done"),
    Mark("Declined", "red", "state-canceled"),
    Mark("Withdrawn", "neutral", "state-canceled"),
    Mark("Expired", "neutral", "state-unknown"),
    Mark("Delivered", "green", "state-done"),
    Mark("Not delivered", "red", "state-canceled"),
)
MARKS = {mark.label.lower(): mark for mark in _MARKS}


def mark_of(word: str) -> Mark:
    """The looks of a customer's word or a state of staff's, in any case; a word we do not know is shown as it is."""
    return MARKS.get(word.strip().lower()) or Mark(word, "neutral", "state-unknown")


class Platform(NamedTuple):
    """A platform's name and its symbol in static/panel/icons.svg."""

    name: str
    icon: str


GENERIC = Platform("Website", "platform-generic")
_PLATFORMS: tuple[tuple[Platform, tuple[str, ...], str], ...] = (
    (Platform("Instagram", "platform-instagram"), ("instagram.com",), r"instagram|\big\b"),
    (Platform("TikTok", "platform-tiktok"), ("tiktok.com",), r"tik\s?tok"),
    (Platform("YouTube", "platform-youtube"), ("youtube.com", "youtu.be"), r"you\s?tube|\byt\b"),
    (Platform("Facebook", "platform-facebook"), ("facebook.com", "fb.com", "fb.watch"), r"facebook|\bfb\b"),
    (Platform("X", "platform-x"), ("x.com", "twitter.com"), r"twitter|\bx\b"),
    (Platform("Telegram", "platform-telegram"), ("t.me", "telegram.me", "telegram.org"), r"telegram|\btg\b"),
    (Platform("Spotify", "platform-spotify"), ("spotify.com", "spotify.link"), r"spotify"),
    (Platform("Twitch", "platform-twitch"), ("twitch.tv",), r"twitch"),
)
PLATFORMS = tuple(platform for platform, _, _ in _PLATFORMS)


def platform_of(text: str) -> Platform:
    """The platform that a link points to, or that a service's or category's name speaks of; else the generic one."""
    host = _host(text)
    for platform, hosts, words in _PLATFORMS:
        if host and any(host == known or host.endswith(f".{known}") for known in hosts):
            return platform
        if not host and re.search(words, text, re.IGNORECASE):
            return platform
    return GENERIC


def _host(text: str) -> str:
    """The host of a link, with or without its scheme; empty where `text` is no link."""
    candidate = text.strip()
    if " " in candidate or "." not in candidate:
        return ""
    try:
        return (urlsplit(candidate if "://" in candidate else f"//{candidate}").hostname or "").lower()
    except ValueError:  # a bracket where no address can have one
        return ""
