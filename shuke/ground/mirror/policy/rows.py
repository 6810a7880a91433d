"""How values become rows of the two open tables: behaviour of any name, attributes of any name."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from shuke.ground.mirror.policy.declared import ALWAYS, Event, Property, ValueType
from shuke.ground.mirror.policy.literals import quote
from shuke.ground.mirror.policy.registry import ATTRIBUTES, COMMON, EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIST_MARK = "\x1f"  # a list is kept as text: mark, item, mark, item, mark
FORMS = {"missing": 0, "text": 1, "number": 2, "list": 3, "flag": 4}
LARGEST = Decimal(10) ** 28
STEP = Decimal("0.000000001")
EXACT = Context(prec=60)  # nine decimals of the largest number are 37 digits


def list_item(value: Any) -> str:
    """An item of a list as the text by which it is found."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace(LIST_MARK, " ")
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def list_text(values: Sequence[Any]) -> str:
    """A list as one text."""
    return LIST_MARK + "".join(f"{list_item(value)}{LIST_MARK}" for value in values) if values else ""


def value_of(value: Any) -> tuple[int, str, Decimal]:
    """A value as form, text and number; numbers keep nine decimals, those beyond 10^28 become text."""
    if value is None or value in ("", []):
        return FORMS["missing"], "", Decimal(0)
    if isinstance(value, bool):
        return FORMS["flag"], list_item(value), Decimal(0)
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= LARGEST:
            return FORMS["text"], str(value), Decimal(0)
        return FORMS["number"], "", number.quantize(STEP, context=EXACT)
    if isinstance(value, list | tuple):
        return FORMS["list"], list_text(value), Decimal(0)
    if isinstance(value, date | datetime):
        return FORMS["text"], value.isoformat(), Decimal(0)
    return FORMS["text"], str(value).replace(LIST_MARK, " "), Decimal(0)


def instant(text: str | None) -> datetime | None:
    """An instant as announcements write it."""
    return None if text is None else datetime.fromisoformat(text)


def behaviour(
    name: str, title: tuple[str, str], properties: Mapping[str, tuple[ValueType, str, str]], *, echo: bool = False
) -> Event:
    """An event kept in the open table, with the properties it is known for: name → (type, Chinese, English)."""
    known = dict(COMMON)
    for prop, (type_, zh, en) in properties.items():
        known[prop] = _open_property(quote(prop), type_, (zh, en))
    return Event(name, EVENTS.name, known, title, f"kind = {quote(name)}", open=True, echo=echo)


def _open_property(key: str, type_: ValueType, title: tuple[str, str]) -> Property:
    """A property that an event may come without: no number is not 0, and neither true nor false is not false."""
    if type_ == "number":
        return Property(f"numbers[{key}]", type_, title, has=f"mapContains(numbers, {key})")
    if type_ == "flag":
        return Property(f"texts[{key}] = 'true'", type_, title, has=f"texts[{key}] IN ('true', 'false')")
    return Property(f"texts[{key}]", type_, title)


class EventRows:
    """Rows of the table of behaviour, in the calendar of one merchant."""

    def __init__(self, zone: str, day_start_minutes: int = 0) -> None:
        self._zone = ZoneInfo(zone)
        self._day_start = timedelta(minutes=day_start_minutes)
        names = ("member", "seq", "idx", *(column.name for column in EVENTS.columns))
        self.columns: dict[str, list[Any]] = {name: [] for name in names}

    def add(
        self, kind: str, member: int, at: datetime, place: tuple[int, int], properties: Mapping[str, Any],
        *, store: str = "", channel: str = "", day: date | None = None,
    ) -> None:  # fmt: skip
        """One event; `place` is its announcement and its number in it, `day` its business date where that was fixed before."""
        texts: dict[str, str] = {}
        numbers: dict[str, Decimal] = {}
        for name, value in properties.items():
            form, text, number = value_of(value)
            if form == FORMS["number"]:
                numbers[name] = number
            elif form != FORMS["missing"]:
                texts[name] = text
        local = at.astimezone(self._zone)
        row = {
            "member": member, "seq": place[0], "idx": place[1], "kind": kind, "at": at,
            "day": day or (local - self._day_start).date(), "weekday": local.isoweekday(), "hour": local.hour,
            "store": store, "channel": channel, "texts": texts, "numbers": numbers,
        }  # fmt: skip
        for name, value in row.items():
            self.columns[name].append(value)


class AttributeRows:
    """Rows of the table of attributes: dated changes, and values that hold for all time."""

    def __init__(self) -> None:
        names = ("member", "seq", "idx", *(column.name for column in ATTRIBUTES.columns))
        self.columns: dict[str, list[Any]] = {name: [] for name in names}

    def add(self, name: str, member: int, at: datetime | None, place: tuple[int, int], value: Any) -> None:
        """One value from `at` on (None: always); a value of None says that it is no longer known."""
        form, text, number = value_of(value)
        row = {
            "member": member, "seq": place[0], "idx": place[1], "name": name, "at": at or ALWAYS, "text": text, "number": number,
            "form": form,
        }  # fmt: skip
        for column, held in row.items():
            self.columns[column].append(held)
