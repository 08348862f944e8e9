"""The check for texts without gettext: it finds bare ones, and nothing in what is translated."""

import pytest

from scripts.check_texts import check

BARE_IN_TEMPLATES = [
    ("<p>Save</p>", ["Save"]),
    ("<p>\n  {{ count }} orders</p>", ["orders"]),
    ('<p>{% translate "Your" %} orders</p>', ["orders"]),
    ("{% block title %}Account{% endblock %}", ["Account"]),
    ('<input placeholder="Search orders">', ["placeholder: Search orders"]),
    ('<a{% if x %} title="Open"{% endif %}>{{ y }}</a>', ["title: Open"]),
    ('<img alt="A chart">', ["alt: A chart"]),
    ('<button aria-label="{% if x %}Open{% endif %}"></button>', ["aria-label: …Open…"]),
    ('<input type="submit" value="Save">', ["value: Save"]),
    ('<meta name="description" content="A shop">', ["content: A shop"]),
    ('{% empty_state title="No orders yet" text=_("Place one.") %}', ["No orders yet"]),
    ('{{ name|default:"Nobody" }}', ["Nobody"]),
    (
        "{% blocktranslate %}x{% endblocktranslate %}{{ n|pluralize }}",
        ["pluralize, which has English endings only: n|pluralize"],
    ),
]
TRANSLATED_TEMPLATES = [
    '{% load i18n %}<p title="{% translate "Open" %}">{% translate "Save" %}</p>',
    "<p>{% blocktranslate trimmed %}\n  {{ count }} orders{% endblocktranslate %}</p>",
    '{% empty_state title=_("No orders yet") icon="inbox" %}',
    "<script>const name = 1</script><code>action=add</code><kbd>Ctrl</kbd>",
    "{# A note. #}{% comment %}Another one{% endcomment %}<!-- a third -->",
    '{% if state == "In progress" %}{{ at|date:"j M Y" }}{% endif %} – {{ n }} %',
    '{% block page_class %}page-narrow{% endblock %}<div class="page wide">API</div>',
    '{% include "shell/toast.html" with tone="red" %}',
]
BARE_IN_PYTHON = [
    ('name = CharField(label="Name")', ["'Name'"]),
    ('name = CharField(help_text=f"At most {N} letters.")', ["f'At most {N} letters.'"]),
    ('raise ValidationError("Enter a link.")', ["'Enter a link.'"]),
    ('raise ValidationError("Enter %s." % name)', ["'Enter %s.'"]),
    ('messages.success(request, "Saved.")', ["'Saved.'"]),
    ('messages.success(request, "Saved." if ok else _("Not saved."))', ["'Saved.'"]),
    ('self.message_user(request, "Saved.")', ["'Saved.'"]),
    ('form.add_error("link", "Enter a link.")', ["'Enter a link.'"]),
    ('name = models.CharField("name of it", max_length=5)', ["'name of it'"]),
    ('@admin.display(description="charge")\ndef charge(): pass', ["'charge'"]),
    ('x = CharField(error_messages={"required": "Enter it."})', ["'Enter it.'"]),
    ('class State(models.TextChoices):\n    OPEN = "OPEN", "Open"', ["'Open'"]),
    ('class Meta:\n    verbose_name = "order"', ["'order'"]),
    ('X = _lazy("%(a)s") % {"b": 1}', ["nothing is given for a: %(a)s"]),
    ('def f(): return _("%(a)s of %(b)s") % {"a": 1}', ["nothing is given for b: %(a)s of %(b)s"]),
    (
        'def f():\n    facts = {"why": 1}\n    return _("%(reason)s") % facts',
        ["nothing is given for reason: %(reason)s"],
    ),
]
TRANSLATED_PYTHON = [
    'name = CharField(label=_("Name"), help_text=_lazy("At most %(max)s.") % {"max": N})',
    'messages.success(request, ngettext("%(n)s order", "%(n)s orders", n) % {"n": n})',
    'class State(models.TextChoices):\n    OPEN = "OPEN", _lazy("Open")',
    'def f():\n    facts = {"a": 1, "b": 2}\n    return _("%(a)s") % facts',
    'def f(facts): return _("%(a)s") % facts',
    'logger.info("sent")',
    'form.add_error("link", message)',
]


@pytest.mark.parametrize(("source", "texts"), BARE_IN_TEMPLATES)
def test_bare_text_in_a_template_is_found(source: str, texts: list[str]) -> None:
    assert [line.split(": ", 1)[1] for line in check("templates/page.html", source)] == texts


@pytest.mark.parametrize("source", TRANSLATED_TEMPLATES)
def test_translated_template_is_clean(source: str) -> None:
    assert check("templates/page.html", source) == []


@pytest.mark.parametrize(("source", "texts"), BARE_IN_PYTHON)
def test_bare_text_in_python_is_found(source: str, texts: list[str]) -> None:
    assert [line.split(": ", 1)[1] for line in check("panel/module.py", source)] == texts


@pytest.mark.parametrize("source", TRANSLATED_PYTHON)
def test_translated_python_is_clean(source: str) -> None:
    assert check("panel/module.py", source) == []


def test_finding_names_file_and_line() -> None:
    assert check("templates/mail.txt", "{{ name }}\n\nHello") == ["templates/mail.txt:3: Hello"]
    assert check("templates/page.html", "<p>\n\n  Hello\n</p>") == ["templates/page.html:3: Hello"]
