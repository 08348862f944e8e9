"""The pages in the sidebar, for customers and for staff. Called by the shell's template tag."""

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Page:
    """A link in the sidebar. `within` are names of other views whose pages belong to it.

    With a `permission` only staff who have it see the link. With `only_counted` it is shown only while
    `sidebar_counts` has its name, also for a count of 0. With `in_menu` a phone shows it in the account menu, since the
    bottom bar has room for few links.
    """

    name: str
    label: str | Promise
    icon: str
    within: tuple[str, ...] = ()
    shortcut: str = ""
    in_menu: bool = False
    only_counted: bool = False
    permission: str = ""
    url: str = ""
    current: bool = False


CUSTOMER = (
    Page("new_order", _("New order"), "plus-square", within=("home", "order_form"), shortcut="n"),
    Page("mass_order", _("Mass order"), "layers", in_menu=True),
    Page("orders", _("Orders"), "receipt", within=("order",), shortcut="g o"),
    Page("refills", _("Refills"), "arrow-repeat"),
    Page("services", _("Services"), "tags"),
    Page("updates", _("Updates"), "lightning", in_menu=True),
    Page("wallet", _("Wallet"), "wallet2"),
    Page(
        "api_page",
        _("API"),
        "plug",
        within=("api_key_rotate", "api_key_revoke", "api_console", "api_repeats", "webhook"),
        in_menu=True,
    ),
    Page("account", _("Account"), "person-circle"),
)
STAFF = (
    Page("staff", _("Overview"), "speedometer2", permission="providers.view_balancereading"),
    Page(
        "staff_balances", _("Balances"), "bank", within=("staff_provider",), permission="providers.view_balancereading"
    ),
    Page("staff_reports", _("Reports"), "graph-up", permission="reports.view_dailyfigure"),
    Page("staff_orders", _("All orders"), "receipt", within=("staff_order",), permission="orders.view_order"),
    Page("staff_doubtful", _("Needs review"), "exclamation-diamond", permission="orders.view_order"),
    Page("staff_requests", _("Refills and cancels"), "arrow-clockwise", permission="orders.view_order"),
    Page(
        "staff_approvals",
        _("Approvals"),
        "people",
        within=("staff_approval", "staff_approval_decide"),
        permission="wallet.view_approvalrequest",
        only_counted=True,
    ),
    Page("staff_changes", _("Provider changes"), "activity", permission="providers.view_servicechange"),
    Page("staff_alerts", _("Alerts"), "bell", permission="ops.view_alert"),
    Page("staff_safe_mode", _("Safe mode"), "shield-check", permission="orders.view_unmatchedorder"),
    Page("staff_jobs", _("Jobs"), "clock", permission="ops.view_jobrun"),
    Page("admin:index", _("Admin"), "sliders"),
)


def existing(pages: tuple[Page, ...], *, here: str) -> list[Page]:
    """The pages that have a URL, with the one of the view `here` marked as current."""
    result = []
    for page in pages:
        try:
            url = reverse(page.name)
        except NoReverseMatch:  # this app is not installed
            continue
        is_current = here == page.name or here in page.within
        result.append(replace(page, url=url, current=is_current))
    return result
