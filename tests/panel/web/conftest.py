"""A real browser for the front end's tests. Playwright lives in a thread of its own, so the ORM works beside it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.fixtures_servers import chromium

__all__ = ["chromium"]

Visit = Callable[[Page], Any]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """The thread that speaks to the browser, and the browser."""
    thread = ThreadPoolExecutor(1)
    play = thread.submit(lambda: sync_playwright().start()).result()
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    opened = thread.submit(lambda: play.chromium.launch(executable_path=chromium, args=arguments)).result()
    yield thread, opened
    thread.submit(opened.close).result()
    thread.submit(play.stop).result()
    thread.shutdown()


class Window:
    """A window of its own session."""

    def __init__(self, thread: ThreadPoolExecutor, browser: Browser, origin: str, **options: Any) -> None:
        self.origin = origin
        self._console: list[str] = []
        self._broken_off = 0
        self._thread = thread
        self._context = thread.submit(lambda: browser.new_context(**options)).result()
        self._page = thread.submit(self._open).result()

    def _open(self) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda line: self._console.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self._console.append(str(error)))
        page.on("requestfailed", self._note_failure)
        return page

    def _note_failure(self, request: Request) -> None:
        self._broken_off += request.resource_type in {"xhr", "fetch"} and request.failure == "net::ERR_ABORTED"

    @property
    def complaints(self) -> list[str]:
        """What the console said: broken policies and errors.

        htmx says two lines of a request that leaving the page, or the next one, breaks off; these are left out.
        """
        lines = list(self._console)
        for _ in range(self._broken_off):
            for said in (("htmx:afterRequest",), ("htmx:sendAbort", "htmx:sendError")):
                found = next((line for line in lines if line.startswith(said)), None)
                if found is not None:
                    lines.remove(found)
        return lines

    def do(self, visit: Visit) -> Any:
        """What `visit` returns, called with the page."""
        return self._thread.submit(visit, self._page).result(timeout=60)

    def go(self, path: str) -> None:
        self.do(lambda page: page.goto(self.origin + path))

    def cookie(self, name: str, value: str) -> None:
        cookie = {"name": name, "value": value, "url": self.origin}
        self._thread.submit(lambda: self._context.add_cookies([cookie])).result()  # type: ignore[list-item]

    def close(self) -> None:
        self._thread.submit(self._context.close).result()


@pytest.fixture
def window(browser: tuple[ThreadPoolExecutor, Browser], live_server: Any) -> Iterator[Callable[..., Window]]:
    """Opens windows on the live site: `window(width=390, color_scheme="dark")`."""
    opened: list[Window] = []

    def open_window(*, width: int = 1280, height: int = 800, **options: Any) -> Window:
        size = {"width": width, "height": height}
        opened.append(Window(*browser, live_server.url, viewport=size, **options))
        return opened[-1]

    yield open_window
    for each in opened:
        each.close()
