"""All that was declared, by name: the only thing those above need to know of each other's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shuke.ground.mirror.policy.declared import Column, Event, Property, Redirect, Source, Table
from shuke.ground.mirror.policy.literals import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shuke.ground.mirror.policy.declared import Attribute

MEMBERS = Table(
    "members",
    (Column("joined_at", "instant"), Column("gone", "small")),
    orders=(("member",),),
    moves=False,
)
ATTRIBUTES = Table(
    "attributes",
    (Column("name", "word"), Column("at", "instant"), Column("text", "text"), Column("number", "decimal"),
     Column("form", "small")),
    orders=(("name", "member", "at"),),
    moves=False,
)  # fmt: skip
EVENTS = Table(
    "events",
    (
        Column("kind", "word"), Column("at", "instant"), Column("day", "day"), Column("weekday", "small"),
        Column("hour", "small"), Column("store", "word"), Column("channel", "word"), Column("texts", "texts"),
        Column("numbers", "numbers"),
    ),
    orders=(("kind", "member", "at"),),
)  # fmt: skip
_CHANNELS = {
    "pos": ("门店收银", "in store"), "web": ("网店", "online store"), "mini": ("小程序", "mini program"),
    "douyin": ("抖音", "Douyin"), "kuaishou": ("快手", "Kuaishou"), "wechat": ("微信", "WeChat"),
    "wecom": ("企业微信", "WeCom"), "sms": ("短信", "SMS"), "email": ("邮件", "e-mail"), "inbox": ("站内信", "inbox"),
}  # fmt: skip
_WEEKDAYS = {
    1: ("周一", "Monday"), 2: ("周二", "Tuesday"), 3: ("周三", "Wednesday"), 4: ("周四", "Thursday"), 5: ("周五", "Friday"),
    6: ("周六", "Saturday"), 7: ("周日", "Sunday"),
}  # fmt: skip
COMMON = {
    "store": Property("store", "text", ("门店", "Store")),
    "channel": Property("channel", "text", ("渠道", "Channel"), _CHANNELS),
    "weekday": Property("weekday", "number", ("星期几", "Weekday"), _WEEKDAYS),
    "hour": Property("hour", "number", ("几点", "Hour")),
}


class Registry:
    """Tables, sources, events and attributes of all rooms; two of one name are refused."""

    def __init__(self, declarations: Iterable[Table | Source | Redirect | Event | Attribute] = ()) -> None:
        self.tables: dict[str, Table] = {table.name: table for table in (MEMBERS, ATTRIBUTES, EVENTS)}
        self.sources: list[Source] = []
        self.redirects: list[Redirect] = []
        self.events: dict[str, Event] = {}
        self.attributes: dict[str, Attribute] = {}
        for declared in declarations:
            self._add(declared)
        for source in self.sources:
            assert set(source.tables) <= set(self.tables), f"no table {source.tables}"
        heard = {kind for source in self.sources for kind in source.kinds}
        # Kinds of announcements that someone mirrors; and those read as plain JSON, which list what happened elsewhere.
        self.kinds = sorted(heard | {redirect.kind for redirect in self.redirects})
        self.listing = sorted({kind for source in self.sources if source.reads is None for kind in source.kinds})
        self._readers: dict[str, msgspec.json.Decoder] = {}
        for source in self.sources:
            for kind in source.kinds:
                known = self._readers.setdefault(kind, msgspec.json.Decoder(source.reads or dict))
                assert known.type is (source.reads or dict), f"{kind} is read in two ways"

    def _add(self, declared: Table | Source | Redirect | Event | Attribute) -> None:
        if isinstance(declared, Source):
            self.sources.append(declared)
        elif isinstance(declared, Redirect):
            self.redirects.append(declared)
        else:
            shelf: dict = (
                self.tables if isinstance(declared, Table)
                else self.events if isinstance(declared, Event)
                else self.attributes
            )  # fmt: skip
            assert declared.name not in shelf, f"two declarations of {declared.name}"
            shelf[declared.name] = declared

    def event(self, name: str) -> Event:
        """The declared event, or any other name as one kept in the table of behaviour."""
        declared = self.events.get(name)
        if declared is not None:
            return declared
        return Event(name, EVENTS.name, COMMON, (name, name), f"kind = {quote(name)}", open=True)

    def event_tables(self) -> list[Table]:
        """The tables that hold what members did, each once."""
        names = dict.fromkeys([EVENTS.name, *(event.table for event in self.events.values())])
        return [self.tables[name] for name in names]

    def payload(self, kind: str, written: str) -> Any:
        """An announcement's payload, as those read it who hear of this kind."""
        reader = self._readers.get(kind)
        return msgspec.json.decode(written) if reader is None else reader.decode(written)


_declared = Registry()


def declare(declarations: Iterable[Table | Source | Redirect | Event | Attribute]) -> None:
    """Make known what the rooms of this process declare; the doors call it once, with all of them."""
    global _declared  # noqa: PLW0603
    _declared = Registry(declarations)


def declared() -> Registry:
    """All that the rooms of this process declare."""
    return _declared
