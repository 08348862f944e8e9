"""The form of a page as a browser reads it: every field that is sent when nothing is entered."""

from html.parser import HTMLParser

Sent = dict[str, str | list[str]]


class FormReader(HTMLParser):
    """Collects the fields of the form with that id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.sent = form_id, Sent()
        self._inside, self._select, self._many, self._text = False, "", False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == self.form_id
        name = given.get("name", "")
        if not self._inside:
            return
        if tag == "input" and name and given.get("type") not in {"submit", "file"}:
            if given.get("type") not in {"checkbox", "radio"}:
                self.sent[name] = given.get("value", "")
            elif "checked" in given:
                self.sent[name] = given.get("value", "on")
        elif tag == "textarea":
            self._text, self.sent[name] = name, ""
        elif tag == "select":
            self._select, self._many = name, "multiple" in given
            self.sent[name] = [] if self._many else ""
        elif tag == "option" and self._select and "selected" in given:
            found = self.sent[self._select]
            self.sent[self._select] = [*found, given["value"]] if isinstance(found, list) else given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._text:
            text = str(self.sent[self._text]).replace("\r\n", "\n").removeprefix("\n")
            self.sent[self._text] = text.replace("\n", "\r\n")  # as browsers send it
            self._text = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.sent[self._text] = str(self.sent[self._text]) + data


def read_form(page: str, form_id: str) -> Sent:
    """What a browser sends of the page when the form is sent as it is."""
    reader = FormReader(form_id)
    reader.feed(page)
    return reader.sent
