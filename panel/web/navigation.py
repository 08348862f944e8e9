"""The site's own navigation: only pages that exist. Called by the shell's template tag."""

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Page:
    """One entry. `within` are the names of further addresses that belong to it.

    With a `permission` it is for staff who have it.
    One that is `only_counted` is there while `rail_counts` has its name, also where that is 0.
    One with `in_menu` is in the account's menu on a phone, where the bar at the bottom has room for few.
    """

    name: str
    label: str
    icon: str
    within: tuple[str, ...] = ()
    shortcut: str = ""
    in_menu: bool = False
    only_counted: bool = False
    permission: str = ""
    url: str = ""
    current: bool = False


CUSTOMER = (
    Page("new_order", "New order", "plus-square", within=("home", "order_form"), shortcut="n"),
    Page("mass_order", "Mass order", "layers", in_menu=True),
    Page("orders", "Orders", "receipt", within=("order",), shortcut="g o"),
    Page("refills", "Refills", "arrow-repeat"),
    Page("services", "Services", "tags"),
    Page("updates", "Updates", "lightning", in_menu=True),
    Page("wallet", "Wallet", "wallet2"),
    Page(
        "api_page",
        "API",
        "plug",
        within=("api_key_rotate", "api_key_revoke", "api_console", "api_repeats", "webhook"),
        in_menu=True,
    ),
    Page("account", "Account", "person-circle"),
)
STAFF = (
    Page("staff", "Overview", "speedometer2", permission="providers.view_balancereading"),
    Page("staff_balances", "Balances", "bank", within=("staff_provider",), permission="providers.view_balancereading"),
    Page("staff_reports", "Reports", "graph-up", permission="reports.view_dailyfigure"),
    Page("staff_orders", "All orders", "receipt", within=("staff_order",), permission="orders.view_order"),
    Page("staff_doubtful", "Stuck", "exclamation-diamond", permission="orders.view_order"),
    Page("staff_requests", "Requests", "arrow-clockwise", permission="orders.view_order"),
    Page(
        "staff_approvals",
        "Approvals",
        "people",
        within=("staff_approval", "staff_approval_decide"),
        permission="wallet.view_approvalrequest",
        only_counted=True,
    ),
    Page("staff_changes", "Changes", "activity", permission="providers.view_servicechange"),
    Page("staff_alerts", "Alerts", "bell", permission="ops.view_alert"),
    Page("staff_safe_mode", "Safe mode", "shield-check", permission="orders.view_unmatchedorder"),
    Page("staff_jobs", "Jobs", "clock", permission="ops.view_jobrun"),
    Page("admin:index", "Admin", "sliders"),
)


def existing(pages: tuple[Page, ...], *, here: str) -> list[Page]:
    """Those of `pages` that have an address, the one at `here` (a view's name) marked as current."""
    found = []
    for page in pages:
        try:
            url = reverse(page.name)
        except NoReverseMatch:  # this part is not installed
            continue
        is_current = here == page.name or here in page.within
        found.append(replace(page, url=url, current=is_current))
    return found
