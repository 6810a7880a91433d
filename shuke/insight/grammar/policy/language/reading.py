"""From the text of a rule to its JSON: a scanner for words, and one function for each form."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from shuke.insight.grammar.policy.language.words import BARE, OPS, RESERVED
from shuke.insight.grammar.policy.rules import BadRule

_WORD = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<tick>`(?:[^`]|``)*`)|(?P<length>[1-9]\d{0,4}[mhdw](?![\w.]))"""
    r"""|(?P<share>\d+(?:\.\d+)?%)|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d][\w.]*)"""
    r"""|(?P<sign>!=\?|!=|<=|>=|[=<>()\[\],:]))"""
)
_SIGNS = {sign: op for op, sign in OPS.items() if not sign[0].isalpha()}
_ENDS = ("last", "from", "during", "within", "since", "until")
_DEEPEST = 60


class _Text:
    """The words of a text and how far they are read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[tuple[str, str, int]] = []
        self.depth = 0
        place = 0
        while text[place:].strip():
            found = _WORD.match(text, place)
            if found is None:
                rest = text[place:].lstrip()
                self.words.append(("bad", rest[0], len(text) - len(rest)))
                break
            kind = found.lastgroup or ""
            self.words.append((kind, found[kind], found.start(kind)))
            place = found.end()
        self.at = 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """The next word: its form and how it is written; ("end", "") after the last."""
        at = self.at + ahead
        return self.words[at][:2] if at < len(self.words) else ("end", "")

    def next(self) -> tuple[str, str]:
        """Take the next word."""
        word = self.peek()
        self.at += 1
        return word

    def takes(self, *words: str) -> bool:
        """Whether these plain words or signs come next; they are taken if so."""
        for n, word in enumerate(words):
            kind, written = self.peek(n)
            if written != word or kind not in ("name", "sign"):
                return False
        self.at += len(words)
        return True

    def needs(self, word: str) -> None:
        """Take a word that must come."""
        if not self.takes(word):
            self.refuse(f"这里应当是“{word}”", f'"{word}" is expected here')

    def refuse(self, zh: str, en: str) -> None:
        """Say what is wrong, at which line and column."""
        at = min(self.at, len(self.words) - 1)
        place = self.words[at][2] if self.words and self.at < len(self.words) else len(self.text)
        line, column = self.text.count("\n", 0, place) + 1, place - self.text.rfind("\n", 0, place)
        written = self.peek()[1] or "…"
        raise BadRule(
            "$",
            f"第 {line} 行第 {column} 个字“{written}”：{zh}。",
            f"Line {line}, column {column}, at “{written}”: {en}.",
            "bad_text",
        )

    def form(self, *kinds: str) -> str:
        """Take a word of one of these forms."""
        kind, written = self.peek()
        if kind not in kinds:
            self.refuse("这里写得不对", f"a {' or '.join(kinds)} is expected here")
        self.at += 1
        return written


def read(text: str) -> dict[str, Any]:
    """The rule that a text says; refuses `BadRule` with line and column. What it means is for the conditions to judge."""
    words = _Text(text)
    rule = _joined(words)
    if words.peek()[0] != "end":
        words.refuse("这里多出了内容", "nothing more is expected here")
    return rule


def _joined(words: _Text) -> dict[str, Any]:
    words.depth += 1
    if words.depth > _DEEPEST:
        words.refuse("嵌套太深", "this is nested too deeply")
    parts, joiner = [_one(words)], ""
    while (following := words.peek()) in (("name", "and"), ("name", "or")):
        if joiner and following[1] != joiner:
            words.refuse("“and”和“or”混用时要加括号", '"and" and "or" together need brackets')
        joiner = words.next()[1]
        parts.append(_one(words))
    words.depth -= 1
    return {"and": {"all": parts}, "or": {"any": parts}}[joiner] if joiner else parts[0]


def _one(words: _Text) -> dict[str, Any]:
    if words.takes("not"):
        return {"not": _one(words)}
    for word in ("all", "any"):
        if words.takes(word, "("):
            return {word: [_closed(words)]}
    if words.takes("("):
        return _closed(words)
    kind, written = words.peek()
    form = _FORMS.get(written) if kind == "name" else None
    if form is not None:
        words.next()
        return form(words)
    return _attr(words)


def _closed(words: _Text) -> dict[str, Any]:
    inner = _joined(words)
    words.needs(")")
    return inner


def _name(words: _Text) -> str:
    kind, written = words.peek()
    if kind == "name" and written in RESERVED:
        words.refuse("这里应当是名字", "a name is expected here")
    text = words.form("name", "tick")
    return text[1:-1].replace("``", "`") if kind == "tick" else text


def _literal(words: _Text) -> Any:
    kind, written = words.peek()
    if kind == "length":
        words.next()
        words.needs("ago")
        return {"ago": written}
    if words.takes("["):
        return _listed(words, "]", _literal)
    if kind == "name" and written in ("true", "false", "null"):
        words.next()
        return {"true": True, "false": False, "null": None}[written]
    return msgspec.json.decode(words.form("string", "number"))


def _listed(words: _Text, end: str, one: Any) -> list[Any]:
    found: list[Any] = []
    if words.takes(end):
        return found
    while True:
        found.append(one(words))
        if words.takes(end):
            return found
        words.needs(",")


def _op(words: _Text) -> str:
    kind, written = words.peek()
    if kind == "sign" and written in _SIGNS:
        words.next()
        return _SIGNS[written]
    for op, told in OPS.items():
        if told[0].isalpha() and words.takes(*told.split()):
            return op
    words.refuse("这里应当是比较方式", "a comparison is expected here")
    raise AssertionError


def _compared(words: _Text) -> dict[str, Any]:
    op = _op(words)
    if op in BARE:
        return {"op": op}
    if op == "anniversary_within" and words.peek()[0] == "length":
        return {"op": op, "value": words.next()[1]}
    times: dict[str, Any] = {}
    if words.peek()[0] == "number" and words.peek(1) == ("name", "of"):
        times = {"times": _literal(words)}
    if words.takes("of"):
        words.needs("(")
        words.needs("did")
        other = _did(words)
        words.needs(")")
        return {"op": op, "value": times | {"of": other}}
    return {"op": op, "value": _literal(words)}


def _attr(words: _Text) -> dict[str, Any]:
    leaf: dict[str, Any] = {"attr": _name(words)}
    if words.takes("("):
        leaf["args"] = dict(_listed(words, ")", _argument))
    return leaf | _compared(words)


def _argument(words: _Text) -> tuple[str, Any]:
    # An argument may carry a name that means something elsewhere, such as "within".
    key = words.form("name", "tick")
    words.needs(":")
    value = words.next()[1] if words.peek()[0] == "length" else _literal(words)
    return (key[1:-1].replace("``", "`") if key.startswith("`") else key), value


def _condition(words: _Text) -> dict[str, Any]:
    return {"prop": _name(words)} | _compared(words)


def _where(words: _Text) -> dict[str, Any]:
    if not words.takes("where"):
        return {}
    words.needs("(")
    return {"where": _listed(words, ")", _condition)}


def _window(words: _Text) -> dict[str, Any]:
    kind, written = words.peek()
    if kind != "name" or written not in _ENDS:
        return {}
    words.next()
    if written == "last":
        return {"window": {"last": words.form("length")}}
    if written == "from":
        far = words.form("length")
        words.needs("to")
        near = words.form("length")
        words.needs("ago")
        return {"window": {"between": [far, near]}}
    if written == "during":
        return {"window": {"calendar": _name(words)}}
    if written == "within":
        length = words.form("length")
        words.needs("after")
        return {"window": {"within": length, "after": words.form("name"), "did": _name(words)}}
    edges = {{"since": "from", "until": "to"}[written]: _literal(words)}
    if written == "since" and words.takes("until"):
        edges["to"] = _literal(words)
    return {"window": edges}


def _measure(words: _Text) -> Any:
    word = words.form("name", "tick")
    word = word[1:-1] if word.startswith("`") else word
    if not words.takes("("):
        return word
    prop = _name(words)
    of: Any = {"of": prop} | _where(words) if word == "share" else prop
    words.needs(")")
    return {word: of}


def _did(words: _Text) -> dict[str, Any]:
    leaf: dict[str, Any] = {"did": _name(words)} | _where(words) | _window(words)
    if not words.takes(":"):
        return leaf
    kind, written = words.peek()
    if kind == "tick" or (kind == "name" and (written in ("first", "last") or written not in RESERVED)):
        leaf["measure"] = _measure(words)
    kind, written = words.peek()
    more = kind == "sign" and written in _SIGNS
    return leaf | (_compared(words) if more or (kind == "name" and written not in ("and", "or")) else {})


def _step(words: _Text) -> dict[str, Any]:
    negative = words.takes("not")
    event = {"did": _name(words)} | _where(words)
    step: dict[str, Any] = {"not": event} if negative else event
    if words.takes("same"):
        words.needs("(")
        step["same"] = _listed(words, ")", _name)
    if words.takes("within"):
        step["within"] = words.form("length")
    return step


def _sequence(words: _Text) -> dict[str, Any]:
    words.needs("(")
    steps = [_step(words)]
    while words.takes("then"):
        steps.append(_step(words))
    words.needs(")")
    leaf: dict[str, Any] = {"sequence": steps}
    if words.peek() == ("name", "within") and words.peek(2) != ("name", "after"):
        words.next()
        leaf["within"] = words.form("length")
    if words.takes("mode"):
        leaf["mode"] = _name(words)
    return leaf | _window(words)


def _ranked(end: str) -> Any:
    def read_rank(words: _Text) -> dict[str, Any]:
        written = words.form("share", "number")
        count: Any = written if written.endswith("%") else msgspec.json.decode(written)
        for word in ("by", "(", "did"):
            words.needs(word)
        leaf: dict[str, Any] = {"rank": _did(words), end: count}
        words.needs(")")
        if words.takes("among"):
            words.needs("(")
            leaf["among"] = _closed(words)
        return leaf

    return read_rank


def _bucket(words: _Text) -> dict[str, Any]:
    salt, first = _literal(words), _literal(words)
    words.needs("to")
    return {"bucket": {"salt": salt, "from": first, "to": _literal(words)}}


def _by_slug(word: str) -> Any:
    return lambda words: {word: _literal(words)}


_FORMS: dict[str, Any] = {
    "did": _did, "sequence": _sequence, "top": _ranked("top"), "bottom": _ranked("bottom"), "bucket": _bucket,
    "segment": _by_slug("segment"), "list": _by_slug("list"), "tag": _by_slug("tag"),
}  # fmt: skip
