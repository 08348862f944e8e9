"""The front end in a real browser: the policy holds, nothing overflows, buttons, shortcuts, themes and errors work."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from panel.customers.models import User
from tests.panel.web import pages
from tests.panel.web.conftest import Window

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.panel.web.pages"),
]
Windows = Callable[..., Window]
OPEN = ["/", "/services/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
SIGNED_IN = ["/", "/account/", "/accounts/2fa/", "/accounts/email/", "/accounts/password/change/"]


def sign_in(window: Window) -> None:
    user = User.objects.create_user("ana@example.com", "a-long-pass-1", name="Ana", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    window.cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 640, 1280])
def test_no_page_overflows_or_breaks_the_policy(window: Windows, width: int, scheme: str) -> None:
    screen = window(width=width, color_scheme=scheme)
    for path in OPEN:
        screen.go(path)
        assert screen.do(overflow) == 0, path
    sign_in(screen)
    for path in SIGNED_IN:
        screen.go(path)
        assert screen.do(overflow) == 0, path
        assert screen.do(lambda page: page.evaluate("document.documentElement.dataset.bsTheme")) == scheme
    assert screen.complaints == []


def test_the_theme_is_remembered(window: Windows) -> None:
    screen = window(color_scheme="light")
    screen.go("/")
    screen.do(lambda page: page.click("[data-theme-switch]"))
    screen.go("/accounts/login/")
    assert screen.do(lambda page: page.evaluate("document.documentElement.dataset.bsTheme")) == "dark"
    assert screen.do(lambda page: page.get_attribute("[data-theme-switch]", "aria-label")) == "Use light theme"


def test_dark_needs_no_script(window: Windows) -> None:
    screen = window(color_scheme="dark", java_script_enabled=False)
    screen.go("/accounts/login/")
    ground = screen.do(lambda page: page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor"))
    assert ground == "rgb(11, 14, 20)"


def test_a_form_pressed_twice_is_sent_once(window: Windows) -> None:
    pages.sent.clear()
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: page.evaluate("() => { const b = document.getElementById('send'); b.click(); b.click(); }"))
    screen.do(lambda page: page.wait_for_selector("#send[aria-busy=true]"))
    screen.do(lambda page: page.wait_for_load_state("networkidle"))
    assert pages.sent == ["POST"]


def send_and_stop(page: Page, asked: list[str]) -> None:
    """Press the button, and stop the loading before anybody answered."""
    page.route("**/sent/", lambda route: asked.append(route.request.method))
    browser = page.context.new_cdp_session(page)  # the page itself waits for the loading to end
    browser.send("Runtime.evaluate", {"expression": "document.getElementById('send').click()"})
    page.wait_for_timeout(100)
    browser.send("Page.stopLoading")


def test_a_form_whose_sending_was_stopped_can_be_sent_again(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    asked: list[str] = []

    def visit(page: Page) -> None:
        send_and_stop(page, asked)
        page.wait_for_selector("#sender:not([data-busy]) #send:not([aria-busy])")
        send_and_stop(page, asked)

    screen.do(visit)
    assert asked == ["POST", "POST"]


def test_where_the_browser_does_not_tell_of_it_a_form_can_be_sent_again_after_a_while(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    asked: list[str] = []

    def visit(page: Page) -> None:
        page.add_init_script("delete window.navigation")
        page.clock.install()
        page.goto(f"{screen.origin}/orders/")
        send_and_stop(page, asked)
        page.clock.run_for(14_000)
        page.wait_for_selector("#sender[data-busy] #send[aria-busy=true]")
        page.clock.run_for(1_100)
        page.wait_for_selector("#sender:not([data-busy]) #send:not([aria-busy])")
        send_and_stop(page, asked)

    screen.do(visit)
    assert asked == ["POST", "POST"]


def test_the_skip_link_is_first_and_leads_to_the_content(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: page.keyboard.press("Tab"))
    assert screen.do(lambda page: page.evaluate("document.activeElement.className")) == "skip-link"
    screen.do(lambda page: page.keyboard.press("Enter"))
    assert screen.do(lambda page: page.evaluate("document.activeElement.id")) == "content"


def test_shortcuts_lead_there_until_they_are_switched_off(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/account/")
    screen.do(lambda page: page.keyboard.press("/"))
    assert screen.do(lambda page: page.evaluate("document.activeElement.id")) == "top-search"
    screen.do(lambda page: page.keyboard.type("n"))
    assert screen.do(lambda page: page.input_value("#top-search")) == "n"
    screen.do(lambda page: page.evaluate("document.activeElement.blur()"))
    screen.do(lambda page: (page.keyboard.press("g"), page.keyboard.press("o"), page.wait_for_url("**/orders/")))
    screen.do(lambda page: (page.keyboard.press("n"), page.wait_for_url("**/order/")))
    screen.go("/account/")
    screen.do(lambda page: page.uncheck("[data-shortcuts-switch]"))
    screen.go("/account/")
    assert not screen.do(lambda page: page.is_checked("[data-shortcuts-switch]"))
    screen.do(lambda page: page.keyboard.press("/"))
    assert screen.do(lambda page: page.evaluate("document.activeElement.id")) != "top-search"


def test_a_server_that_cannot_be_reached_is_said_and_asked_again(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: page.route("**/gone/", lambda route: route.abort()))
    screen.do(lambda page: page.click("#ask"))
    text = screen.do(lambda page: page.inner_text(".toast-note .toast-text"))
    assert text == "We can't reach the server. Check your connection, then try again."
    screen.do(lambda page: page.unroute("**/gone/"))
    screen.do(lambda page: page.route("**/gone/", lambda route: route.fulfill(body="<p>back</p>")))
    screen.do(lambda page: page.click(".toast-note .btn-secondary"))
    assert screen.do(lambda page: page.inner_text("#answer p")) == "back"
    assert screen.do(lambda page: page.locator(".toast-note").count()) == 0


def test_a_failure_on_our_side_is_said_and_changes_nothing(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: page.click("#wrong"))
    text = screen.do(lambda page: page.inner_text(".toast-note .toast-text"))
    assert text.startswith("Something went wrong on our end. We've logged the error. Reference: ")
    assert screen.do(lambda page: page.inner_text("#answer")) == ""
    assert screen.do(lambda page: page.get_attribute("#wrong", "aria-busy")) is None


def test_a_session_that_ended_leads_to_the_sign_in_and_back(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: page.evaluate("document.getElementById('ask').setAttribute('hx-get', '/account/')"))
    screen.do(lambda page: page.evaluate("htmx.process(document.getElementById('ask'))"))
    User.objects.update(sessions_ended=1)
    screen.do(lambda page: (page.click("#ask"), page.wait_for_url("**/accounts/login/?next=%2Forders%2F")))


def test_a_menu_opens_and_closes_by_keyboard(window: Windows) -> None:
    screen = window(width=390)
    sign_in(screen)
    screen.go("/orders/")
    screen.do(lambda page: (page.focus("details.menu summary"), page.keyboard.press("Enter")))
    assert screen.do(lambda page: page.is_visible(".menu-list >> text=Sign out"))
    assert screen.do(lambda page: page.is_visible(".menu-list >> text=Overview"))
    screen.do(lambda page: page.keyboard.press("Escape"))
    assert not screen.do(lambda page: page.is_visible(".menu-list"))
    assert screen.do(lambda page: page.evaluate("document.activeElement.tagName")) == "SUMMARY"


def test_everything_that_can_be_focused_shows_it(window: Windows) -> None:
    screen = window()
    sign_in(screen)
    screen.go("/orders/")

    def walk(page: Page) -> list[str]:
        bare = []
        for _ in range(25):
            page.keyboard.press("Tab")
            bare += page.evaluate(
                "() => { const n = document.activeElement, s = getComputedStyle(n);"
                " const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;"
                " return seen || n === document.body ? [] : [n.outerHTML.slice(0, 80)]; }"
            )
        return bare

    assert screen.do(walk) == []


def test_with_less_motion_nothing_moves(window: Windows) -> None:
    screen = window(reduced_motion="reduce")
    sign_in(screen)
    screen.go("/orders/")
    lasts = screen.do(
        lambda page: page.locator(".skeleton span").nth(1).evaluate("n => getComputedStyle(n).animationDuration")
    )
    assert float(lasts.removesuffix("s")) <= 0.001
