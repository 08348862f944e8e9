"""Emails have a text part and an HTML part with the same content."""

import re

from panel.web.mail import compose_email, prefixed
from tests.panel.web.emails import html_of


def test_email_has_both_parts() -> None:
    email = compose_email(
        subject=prefixed("Hello"),
        paragraphs=["One\ntwo", "", "Three"],
        to=["ana@example.com"],
        url="http://shop.test/x/",
    )
    assert (email.subject, email.to) == ("[Panel] Hello", ["ana@example.com"])
    assert email.body == "One\ntwo\n\nThree\n\nhttp://shop.test/x/\n"
    html = html_of(email)
    assert "<title>[Panel] Hello</title>" in html
    assert "<b>Panel</b>" in html
    assert ">One<br>two</font>" in html
    assert ">Three</font>" in html
    assert '<a href="http://shop.test/x/">http://shop.test/x/</a>' in html
    assert html.count("<td>") == 5


def test_html_part_escapes_text_and_loads_nothing() -> None:
    html = html_of(
        compose_email(subject="<b>", paragraphs=["<script>alert(1)</script>", "https://evil.test/"], to=["a@b.c"])
    )
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert re.findall(r'(?:src|href)="([^"]+)"', html) == ["http://127.0.0.1:8000/"]
