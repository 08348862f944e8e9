"""The color, icon and label of each status and platform, the same on every page. Called by the tags; pure."""

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _


class Badge(NamedTuple):
    """How a status looks: `tone` is a CSS class tone-…, `icon` a symbol of static/panel/icons.svg."""

    name: str
    label: Any
    tone: str
    icon: str


_BADGES = (
    Badge("pending", _("Pending"), "neutral", "state-pending"),
    Badge("processing", _("Processing"), "blue", "state-processing"),
    Badge("in progress", _("In progress"), "blue", "state-progress"),
    Badge("completed", _("Completed"), "green", "state-done"),
    Badge("partial", _("Partial"), "amber", "state-partial"),
    Badge("canceled", _("Canceled"), "red", "state-canceled"),
    Badge("queued", _("Queued"), "neutral", "state-pending"),
    Badge("sending", _("Sending"), "blue", "state-processing"),
    Badge("unconfirmed", _("Unconfirmed"), "amber", "state-doubt"),
    Badge("review", _("Review"), "amber", "state-doubt"),
    Badge("active", _("Active"), "blue", "state-progress"),
    Badge("rejected", _("Rejected"), "red", "state-canceled"),
    Badge("wanted", _("Requested"), "neutral", "state-pending"),
    Badge("unknown", _("Unknown"), "amber", "state-doubt"),
    Badge("no answer", _("No answer"), "amber", "state-doubt"),
    Badge("no response", _("No response"), "amber", "state-doubt"),
    Badge("asked", _("Accepted"), "blue", "state-processing"),
    Badge("accepted", _("Accepted"), "blue", "state-processing"),
    Badge("done", _("Completed"), "green", "state-done"),
    Badge("too late", _("Too late"), "amber", "state-partial"),
    Badge("refused", _("Rejected"), "red", "state-canceled"),
    Badge("waiting", _("Waiting"), "neutral", "state-pending"),
    Badge("running", _("Running"), "blue", "state-progress"),
    Badge("failed", _("Failed"), "red", "state-canceled"),
    Badge("never", _("Never"), "neutral", "state-unknown"),
    Badge("approved", _("Approved"), "green", "state-done"),
    Badge("declined", _("Declined"), "red", "state-canceled"),
    Badge("withdrawn", _("Withdrawn"), "neutral", "state-canceled"),
    Badge("expired", _("Expired"), "neutral", "state-unknown"),
    Badge("delivered", _("Delivered"), "green", "state-done"),
    Badge("not delivered", _("Not delivered"), "red", "state-canceled"),
)
BADGES = {badge.name: badge for badge in _BADGES}


def badge_of(status: str) -> Badge:
    """The badge of a status, by its name or its label in any case; an unknown one is shown as it is."""
    name = status.strip().lower()
    translated = (badge for badge in _BADGES if str(badge.label).lower() == name)
    return BADGES.get(name) or next(translated, None) or Badge(name, status, "neutral", "state-unknown")


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
