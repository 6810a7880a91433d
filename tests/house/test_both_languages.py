"""Chinese and English everywhere a person reads: every refusal and every kind has both."""

import ast
import importlib
import inspect
import re
import string
from collections.abc import Iterator

import shuke.doors.wiring  # noqa: F401  (declares the facts of all rooms)
from shuke.ground import mirror
from shuke.insight import grammar
from shuke.kit import errors, kinds
from tests.house import tree

CHINESE = re.compile("[一-鿿]")


def _import_everything() -> list[object]:
    return [importlib.import_module(module.name) for module in tree.modules() if not module.name.endswith("__main__")]


def _refusals() -> set[type[errors.Refused]]:
    _import_everything()
    found: set[type[errors.Refused]] = set()
    waiting = [errors.Refused]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child.__module__.startswith("shuke."):
                found.add(child)
                waiting.append(child)
    return found


def _families() -> list[kinds.Family]:
    values = (value for module in _import_everything() for value in vars(module).values())
    return list({id(value): value for value in values if isinstance(value, kinds.Family)}.values())


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_refusal_speaks_both_languages() -> None:
    wrong = []
    for refusal in _refusals():
        name = f"{refusal.__module__}.{refusal.__name__}"
        english = (inspect.getdoc(refusal) if refusal.__doc__ else "") or ""
        if "__doc__" not in vars(refusal) or not english:
            wrong.append(f"{name}: its docstring is the English message and is missing")
        if not CHINESE.search(refusal.zh) or "zh" not in vars(refusal):
            wrong.append(f"{name}: the Chinese message is missing")
        if bool(refusal.cure) != bool(refusal.cure_zh):
            wrong.append(f"{name}: the cure is in one language only")
        if refusal.cure and CHINESE.search(refusal.cure):
            wrong.append(f"{name}: the English cure is Chinese")
        if CHINESE.search(english.split("\n\n")[0]):
            wrong.append(f"{name}: the English message is Chinese")
    tree.expect_none(wrong)


def _may_agree(one: type[errors.Refused], other: type[errors.Refused]) -> bool:
    """Not yours and not there answer alike; so does the same refusal about another thing."""
    statuses = {one.http_status, other.http_status}
    return statuses == {404} or (one.__name__ == other.__name__ and len(statuses) == 1)


def test_every_refusal_has_a_code_and_a_cure() -> None:
    wrong = []
    codes: dict[str, type[errors.Refused]] = {}
    for refusal in sorted(_refusals(), key=lambda refusal: refusal.__module__):
        name = f"{refusal.__module__}.{refusal.__name__}"
        if "code" not in vars(refusal) or not re.fullmatch(r"[a-z][a-z_]+", refusal.code):
            wrong.append(f"{name}: no code of its own in snake_case")
        other = codes.setdefault(refusal.code, refusal)
        if other is not refusal and not _may_agree(refusal, other):
            wrong.append(f"{name}: {refusal.code} is also {other.__module__}.{other.__name__}")
        if not refusal.cure:
            wrong.append(f"{name}: says no without saying what to do")
        if not 400 <= refusal.http_status < 500:
            wrong.append(f"{name}: a refusal answers 4xx, not {refusal.http_status}")
    tree.expect_none(wrong)


def test_the_chinese_message_needs_no_other_facts_than_the_english() -> None:
    """A fact may have a twin in the other language: `{what}` and `{what_zh}` count as one."""

    def facts(text: str) -> set[str]:
        return {name.removesuffix("_zh").removesuffix("_en") for name in _placeholders(text)}

    tree.expect_none(
        f"{refusal.__module__}.{refusal.__name__}: only the Chinese message names {sorted(missing)}"
        for refusal in _refusals()
        if (missing := facts(refusal.zh) - facts((inspect.getdoc(refusal) or "").split("\n\n")[0]))
    )


def test_every_kind_speaks_both_languages() -> None:
    wrong = []
    families = _families()
    assert families, "no family of kinds was found"
    for family in families:
        for kind in family:
            name = f"{family.name} {kind.code}"
            if not CHINESE.search(kind.name.zh) or CHINESE.search(kind.name.en) or not kind.name.en:
                wrong.append(f"{name}: its name is not in both languages")
            if not callable(getattr(kind, "sentence", None)):
                wrong.append(f"{name}: has no sentence")
    tree.expect_none(wrong)


# A figure is set off from Chinese, `最近 30 天`; a date is one word, `11月30日`; names are as people write them.
_TIGHT = re.compile(r"[一-鿿]\d|\d(?![年月日])[一-鿿]")
_NAMES = {"双11", "双12"}
_GOODS = "shuke.doors.demo.goods"


def _said(module: tree.Module) -> Iterator[ast.Constant]:
    """Its texts; docstrings are for engineers."""
    loose = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield node


def test_a_space_stands_between_chinese_and_figures() -> None:
    tree.expect_none(
        f"{module.where}:{node.lineno}: {found[0]!r} in {node.value[:60]!r}"
        for module in tree.modules()
        if module.name != _GOODS
        for node in _said(module)
        if node.value not in _NAMES and (found := _TIGHT.search(node.value))
    )


def test_the_words_of_a_length_of_time_keep_their_space() -> None:
    said = [
        grammar.sentence(grammar.parse(rule, mirror.declared()))[0]
        for window in ({"last": "30d"}, {"between": ["30d", "7d"]}, {"from": "2026-01-01"}, {"to": "2026-02-01"})
        for rule in ({"did": "order", "window": window}, {"not": {"did": "order", "window": window}})
    ]
    assert said[0] == "最近 30 天下单"
    tree.expect_none(one for one in said if _TIGHT.search(one))
