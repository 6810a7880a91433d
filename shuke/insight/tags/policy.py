"""Decides how tags are called, which of two exclusive ones stays, and what a line of a file asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shuke.kit import errors

WORK = "tags"
AT_ONCE = 20_000
MOST_ROWS = 50_000
VERBS = {
    "tag": ("手工打标", "Tagged by hand"), "import": ("文件导入", "Imported"), "rule": ("规则自动", "By its rule"),
    "model": ("按模型", "By its model"),
    "expire": ("到期", "Expired"), "merge_tags": ("合并标签", "Tags merged"), "delete_tag": ("删除标签", "Tag deleted"),
    "merge_members": ("会员合并", "Members merged"),
    "unmerge_members": ("撤销会员合并", "Merge of members undone"), "undo": ("撤销", "Undone"),
}  # fmt: skip
UNDOABLE = ("tag", "import", "merge_tags", "delete_tag", "undo")
_HYPHENS = re.compile(r"-+")


class BadTagName(errors.Refused):
    """A tag needs a name of 1 to 30 characters without a hyphen."""

    code = "bad_tag_name"
    http_status = 422
    zh = "标签要有名称，1 到 30 个字，不能带「-」（组合标签用它连接）。"
    cure = "Write a short name."
    cure_zh = "请写一个简短的名称。"


class PastEnd(errors.Refused):
    """The end of a tag must lie ahead."""

    code = "past_end"
    http_status = 422
    zh = "标签的到期时间要在将来。"
    cure = "Give a later end, or none."
    cure_zh = "请写一个将来的时间，或不写。"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes tags, from where, and why."""

    verb: str
    source: str
    by: str
    reason: str = ""


class Put(msgspec.Struct, frozen=True):
    """This member shall wear that tag, until then (None: the tag's own validity decides)."""

    member_id: int
    tag_id: int
    until: datetime | None = None
    since: datetime | None = None


def name_of(text: str) -> str:
    """A name in normal form; refuses `BadTagName`. A hyphen joins the tags of a combination, so no name may have one."""
    name = " ".join(text.split())
    if not 0 < len(name) <= 30 or "-" in name:
        raise BadTagName(field="name")
    return name


def english_of(text: str) -> str:
    """An English name in normal form, up to 60 characters; none is fine."""
    return " ".join(text.split())[:60]


def slug_of(latin: str, fallback: str) -> str:
    """A short name from Latin letters, for good."""
    slug = _HYPHENS.sub("-", re.sub(r"[^a-z0-9-]", "", latin.lower())).strip("-")[:48].strip("-")
    return slug or fallback


def free(slug: str, known: set[str]) -> str:
    """The slug, or the first numbered one that is free."""
    number, chosen = 1, slug
    while chosen in known:
        number += 1
        chosen = f"{slug}-{number}"
    return chosen


def settled(puts: Sequence[Put], exclusive: Mapping[int, int]) -> list[Put]:
    """One wish per member and tag, and per member and exclusive group (tag → group): the last word counts."""
    last: dict[tuple[int, str, int], Put] = {}
    for put in puts:
        group = exclusive.get(put.tag_id)
        key = (put.member_id, "tag", put.tag_id) if group is None else (put.member_id, "group", group)
        last.pop(key, None)
        last[key] = put
    return list(last.values())


def combination(names: Iterable[str]) -> str:
    """A combined tag as people write it: 宝妈-美妆爱好者-价格敏感型."""
    return "-".join(names)


IDENTITY_COLUMNS = {
    "phone": ("手机", "手机号", "手机号码", "电话", "phone", "mobile"),
    "card": ("卡号", "会员卡号", "card"),
    "external": ("外部编号", "external", "outside_id", "outside id"),
    "member": ("会员编号", "会员号", "member", "member_id", "member id"),
}
TAG_COLUMNS = ("标签", "标签名", "标签名称", "tag", "tags")


class Line(msgspec.Struct, frozen=True):
    """One line of a file: how the member is known there, and the tags that are asked for."""

    row: int
    kind: str
    value: str
    tags: tuple[str, ...]


class NoSuchColumns(errors.Refused):
    """The first line must name a column for the member and one for the tag; it says: {said}."""

    code = "no_such_columns"
    http_status = 422
    zh = "第一行要写明会员列（手机号、卡号、外部编号或会员编号）和「标签」列，现在是：{said}。"
    cure = "Begin the file with a line such as: phone,tag"
    cure_zh = "请在文件第一行写上列名，例如：手机号,标签。"


class TooManyRows(errors.Refused):
    """A file may have {most} lines; this one has {count}."""

    code = "too_many_rows"
    http_status = 413
    zh = "一个文件最多 {most} 行，这个有 {count} 行。"
    cure = "Split it."
    cure_zh = "请拆成几个文件。"


def lines_of(table: Sequence[Sequence[str]]) -> list[Line]:
    """The lines of a file whose first line names the columns; several tags of a cell stand apart by 、 ; or |."""
    if len(table) - 1 > MOST_ROWS:
        raise TooManyRows(most=MOST_ROWS, count=len(table) - 1)
    heads = [cell.strip().lower() for cell in table[0]] if table else []
    kinds = [(n, kind) for kind, names in IDENTITY_COLUMNS.items() for n, head in enumerate(heads) if head in names]
    tags = [n for n, head in enumerate(heads) if head in TAG_COLUMNS]
    if not kinds or not tags:
        raise NoSuchColumns(field="file", said="、".join(heads)[:100] or "—")
    return [_line(row, cells, kinds, tags[0]) for row, cells in enumerate(table[1:], 2) if any(map(str.strip, cells))]


def _line(row: int, cells: Sequence[str], kinds: Sequence[tuple[int, str]], tag: int) -> Line:
    given = [(kind, cells[n].strip()) for n, kind in kinds if n < len(cells) and cells[n].strip()]
    kind, value = given[0] if given else (kinds[0][1], "")
    asked = re.split(r"[、;；|]", cells[tag]) if tag < len(cells) else []
    return Line(row, kind, value, tuple(dict.fromkeys(name.strip() for name in asked if name.strip())))


def mentions(rule: Any, tag: str = "", group: str = "") -> bool:
    """Whether a segment's rule asks for this tag or this group, by its own condition or by the fact's name."""
    if isinstance(rule, list):
        return any(mentions(part, tag, group) for part in rule)
    if not isinstance(rule, dict):
        return False
    asked = rule.get("tag")
    if tag and (asked == tag or (isinstance(asked, list) and tag in asked) or rule.get("attr") == f"tag:{tag}"):
        return True
    if group and (rule.get("tag_group") == group or rule.get("attr") == f"tag_group:{group}"):
        return True
    return any(mentions(part, tag, group) for part in rule.values())
