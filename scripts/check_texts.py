"""Finds texts that people read and that do not go through gettext: in templates, and in forms, models and messages.

Called by `make lint`. A template's text nodes and the attributes in ATTRIBUTES have to stand in `{% translate %}` or
`{% blocktranslate %}`, a tag's text argument in `_("…")`. In Python the arguments in KEYWORDS, the labels of choices
and the texts of CALLS have to be calls of gettext. A text's placeholders have to be those that it is filled with, where
both stand in one function. Only files under CONVERTED are checked.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from django.template.base import Lexer, Token, TokenType

ROOT = Path(__file__).resolve().parent.parent
CONVERTED: tuple[str, ...] = ("orders/", "panel/", "providers/", "templates/")
"""Paths that have been converted: a folder or a file each."""

ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "aria-description", "data-confirm", "label"}
UNTRANSLATED_ELEMENTS = {"script", "style", "code", "kbd", "pre", "samp"}
NAMES = {
    *("API", "CSV", "HTTP", "HTTPS", "ID", "JSON", "POST", "GET", "URL", "UTC", "UTF-8"),
    *("OpenAPI", "PHP", "Python", "curl"),
}
"""Names that are the same in every language."""

CLASS_BLOCKS = ("class", "coltype")
"""How the names of blocks end that hold CSS classes."""

TRANSLATION_TAGS = {"translate", "trans", "blocktranslate", "blocktrans"}
TAGS_WITHOUT_TEXT = TRANSLATION_TAGS | {
    *(
        "if",
        "elif",
        "load",
        "extends",
        "block",
        "endblock",
        "url",
        "static",
        "now",
        "csrf_token",
        "querystring",
        "icon",
    ),
    *("state_badge", "delivered", "regroup", "for", "cycle", "ifchanged", "get_current_language"),
}
KEYWORDS = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "short_description"}
CALLS = {"ValidationError", "message_user", "add_error", "CommandError"}
GETTEXT = {"_", "_lazy", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
MESSAGES = {"debug", "info", "success", "warning", "error", "add_message"}

PLACEHOLDER = re.compile(r"%\((\w+)\)")
WORD = re.compile(r"[^\W\d_]{2,}")
LITERAL = re.compile(r"""(_\()?("[^"]*"|'[^']*')""")
HOLE = "\ufffc"
"""Stands for a tag or a variable in what is left of a template."""


class Finding(NamedTuple):
    line: int
    text: str


def has_words(text: str) -> bool:
    """Whether a text has a word that another language would write in its own way."""
    return any(word not in NAMES for word in WORD.findall(text.replace("UTF-8", "")))


class _Page(HTMLParser):
    """Collects the text nodes and text attributes of a template whose tags have been replaced by HOLE."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[Finding] = []
        self.untranslated: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = tag.replace(HOLE, "")
        if name in UNTRANSLATED_ELEMENTS:
            self.untranslated.append(name)
        self._check_attributes(name, {key.replace(HOLE, ""): value or "" for key, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_attributes(tag.replace(HOLE, ""), {key.replace(HOLE, ""): value or "" for key, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if self.untranslated and self.untranslated[-1] == tag:
            self.untranslated.pop()

    def handle_data(self, data: str) -> None:
        line = self.getpos()[0]
        for piece in re.split(f"({HOLE}|\n)", "" if self.untranslated else data):
            line += piece == "\n"
            if has_words(piece):
                self.findings.append(Finding(line, piece))

    def _check_attributes(self, tag: str, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            is_button = name == "value" and tag == "input" and attributes.get("type") in {"submit", "button"}
            is_description = tag == "meta" and name == "content" and attributes.get("name") == "description"
            if (name in ATTRIBUTES or is_button or is_description) and has_words(value):
                self.findings.append(Finding(self.getpos()[0], f"{name}: {value}"))


def _tag_texts(token: Token) -> Iterator[Finding]:
    """The text arguments of a template's tag or variable that no `_()` is around."""
    tag = token.contents.split(maxsplit=1)[0]
    if "|pluralize" in token.contents:
        yield Finding(token.lineno or 0, f"pluralize, which has English endings only: {token.contents}")
    if token.token_type == TokenType.BLOCK and tag in TAGS_WITHOUT_TEXT:
        return
    for literal in LITERAL.finditer(token.contents):
        text = literal[2][1:-1]
        before = token.contents[: literal.start()]
        if literal[1] or re.search(r"\|(date|time|add|cut|join|slice|stringformat|get|pluralize):$", before):
            continue
        if has_words(text) and (" " in text.strip() or text[:1].isupper()) and not text.endswith((".html", ".svg")):
            yield Finding(token.lineno or 0, text)


def in_template(source: str, *, is_html: bool) -> list[Finding]:
    """What a template says in bare words; outside HTML every text is one."""
    findings: list[Finding] = []
    rest, closing = [], ""
    for token in Lexer(source).tokenize():
        name = token.contents.split(maxsplit=1)[0] if token.token_type == TokenType.BLOCK else ""
        if closing:
            closing = "" if name == closing else closing
        elif name in {"blocktranslate", "blocktrans", "comment"}:
            closing = f"end{name}"
        elif name == "block" and token.contents.endswith(CLASS_BLOCKS):
            closing = "endblock"
        elif token.token_type == TokenType.TEXT:
            rest.append(token.contents)
            continue
        elif token.token_type != TokenType.COMMENT:
            findings.extend(_tag_texts(token))
        rest.append(HOLE + "\n" * token.contents.count("\n"))
    text = "".join(rest)
    if is_html:
        page = _Page()
        page.feed(re.sub(f"(</?){HOLE}", r"\1tag", text))
        page.close()
        return findings + page.findings
    lines = enumerate(text.splitlines(), start=1)
    return findings + [Finding(number, line) for number, line in lines if has_words(line)]


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _bare_texts(node: ast.expr | None) -> Iterator[ast.expr]:
    """The literal texts of an expression that no gettext is around."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and has_words(node.value):
        yield node
    elif isinstance(node, ast.JoinedStr):
        if any(isinstance(part, ast.Constant) and has_words(str(part.value)) for part in node.values):
            yield node
    elif isinstance(node, ast.BinOp):
        yield from _bare_texts(node.left)
    elif isinstance(node, ast.IfExp):
        yield from _bare_texts(node.body)
        yield from _bare_texts(node.orelse)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _bare_texts(element)
    elif isinstance(node, ast.Call) and _name_of(node) in {"format", "join"} and isinstance(node.func, ast.Attribute):
        yield from _bare_texts(node.func.value)


def _texts_of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = _name_of(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    of_messages = isinstance(owner, ast.Name) and owner.id == "messages" and name in MESSAGES
    if name in CALLS or of_messages:
        texts = call.args[1:] if of_messages or name in {"message_user", "add_error"} else call.args[:1]
        for text in texts[-1:]:
            yield from _bare_texts(text)
    if isinstance(owner, ast.Name) and owner.id == "models" and name.endswith("Field") and call.args:
        yield from _bare_texts(call.args[0])
    for keyword in call.keywords:
        is_description = keyword.arg == "description" and name in {"display", "action"}
        if keyword.arg in KEYWORDS or is_description:
            yield from _bare_texts(keyword.value)
        elif keyword.arg == "error_messages" and isinstance(keyword.value, ast.Dict):
            for value in keyword.value.values:
                yield from _bare_texts(value)


def _texts_of_class(node: ast.ClassDef) -> Iterator[ast.expr]:
    is_choices = any("Choices" in ast.unparse(base) for base in node.bases)
    if any("AppConfig" in ast.unparse(base) for base in node.bases):
        return  # its label is a name in code
    for statement in node.body:
        if not isinstance(statement, ast.Assign):
            continue
        target = getattr(statement.targets[0], "id", "")
        if is_choices and isinstance(statement.value, ast.Tuple):
            yield from _bare_texts(statement.value.elts[-1])
        elif target in KEYWORDS and target != "label":  # an app's label is its name in code
            yield from _bare_texts(statement.value)


def _keys(values: ast.expr, assigned: dict[str, ast.expr]) -> set[str] | None:
    """The names that a dictionary has; None where they are not to be read off."""
    found = assigned.get(values.id) if isinstance(values, ast.Name) else values
    if not isinstance(found, ast.Dict):
        return None
    keys = {key.value for key in found.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return keys if len(keys) == len(found.keys) else None


class _Placeholders(ast.NodeVisitor):
    """Collects texts with a placeholder that nothing is given for, which fails only once the text is shown."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._assigned: dict[str, ast.expr] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self._assigned = self._assigned, dict(self._assigned)
        self.generic_visit(node)
        self._assigned = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Call) and _name_of(node.left) in GETTEXT:
            self._check(node.left, _keys(node.right, self._assigned))
        self.generic_visit(node)

    def _check(self, text: ast.Call, keys: set[str] | None) -> None:
        texts = [arg.value for arg in text.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        lacking = {name for one in texts for name in PLACEHOLDER.findall(one)} - (keys or set())
        if keys is not None and lacking:
            self.findings.append(Finding(text.lineno, f"nothing is given for {', '.join(sorted(lacking))}: {texts[0]}"))


def in_python(source: str) -> list[Finding]:
    """The bare texts of a module's forms, models, messages and errors."""
    tree = ast.parse(source)
    placeholders = _Placeholders()
    placeholders.visit(tree)
    findings = placeholders.findings
    for node in ast.walk(tree):
        texts: Iterator[ast.expr] = iter(())
        if isinstance(node, ast.Call):
            texts = _texts_of_call(node)
        elif isinstance(node, ast.ClassDef):
            texts = _texts_of_class(node)
        findings += [Finding(text.lineno, ast.unparse(text)) for text in texts]
    return findings


def check(name: str, source: str) -> list[str]:
    """Each bare text of a file as a line for the terminal."""
    is_python = name.endswith(".py")
    found = in_python(source) if is_python else in_template(source, is_html=name.endswith(".html"))
    return [f"{name}:{line}: {' '.join(text.replace(HOLE, '…').split())}" for line, text in sorted(found)]


def is_product_file(name: str) -> bool:
    """Whether a file can have texts that people read: a template, or the product's Python except migrations."""
    if name.startswith("templates/"):
        return name.endswith((".html", ".txt"))
    return name.startswith(("panel/", "providers/", "orders/")) and name.endswith(".py") and "/migrations/" not in name


def main(paths: list[str]) -> None:
    """Check the files under `paths`; exit status 1 with the list of bare texts and wrong placeholders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [
        name
        for name in listed.stdout.split("\0")
        if is_product_file(name) and name.startswith(tuple(paths)) and (ROOT / name).exists()
    ]
    findings = [line for name in names for line in check(name, (ROOT / name).read_text(encoding="utf-8"))]
    if findings:
        sys.exit("\n".join([*findings, f"{len(findings)} texts do not go through gettext, or lack a value"]))


if __name__ == "__main__":
    main(sys.argv[1:] or list(CONVERTED))
