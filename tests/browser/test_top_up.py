"""A top-up under two people's hands: a customer asks with a picture, staff credit what came."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from panel.customers.models import User
from panel.wallet.models import PaymentMethod, TopUp
from tests.browser.conftest import SignIn
from tests.fixtures_orders import Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100


@pytest.mark.parametrize("width", [390, 1280])
def test_asked_for_and_credited(
    store: Store, signed_in: SignIn, window: Any, tmp_path: Path, width: int, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    PaymentMethod.objects.create(name="Bank transfer", instructions="Pay to DE00 1234.")
    proof = tmp_path / "proof.png"
    proof.write_bytes(PNG)
    customers = signed_in(width=width)
    customers.go("/wallet/")
    customers.do(lambda page: expect(page.locator("#add-funds")).to_contain_text("Pay to DE00 1234."))
    customers.do(lambda page: page.locator("[name=amount]").fill("25.50"))
    customers.do(lambda page: page.locator("[name=reference]").fill("Ada, March"))
    customers.do(lambda page: page.locator("[name=picture]").set_input_files(proof))
    assert customers.do(lambda page: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
    customers.do(lambda page: page.get_by_role("button", name="Report payment").dblclick())
    customers.do(lambda page: expect(page.locator("#deposits tbody .state")).to_have_text("Pending"))
    asked = TopUp.objects.get()

    staffs = staff_window(window, width)
    staffs.go(f"/admin/wallet/topup/{asked.pk}/decide/")
    staffs.do(lambda page: page.locator("[name=amount]").fill("25"))
    staffs.do(lambda page: page.get_by_role("button", name="Approve and credit").click())
    staffs.do(lambda page: page.wait_for_url("**/admin/wallet/topup/"))
    customers.go("/wallet/")
    customers.do(lambda page: expect(page.locator("#deposits tbody .state")).to_have_text("Completed"))
    customers.do(lambda page: expect(page.locator("#statement")).to_contain_text("Deposit"))
    assert store.wallet() == 125
    assert customers.complaints == staffs.complaints == []


def staff_window(window: Any, width: int) -> Any:
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "correct horse battery"))
    opened = window(width=width)
    opened.cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
    return opened
