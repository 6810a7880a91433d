"""When an event counts: rolling, band, calendar, absolute, lifetime and anchored windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import BadDuration, Duration, instant_literal
from shuke.insight.grammar.policy.rules import BadRule, fields

if TYPE_CHECKING:
    from shuke.ground.mirror import Moment

CALENDAR = {
    "today": ("今天", "today"),
    "yesterday": ("昨天", "yesterday"),
    "this_week": ("本周", "this week"),
    "this_month": ("本月", "this month"),
    "last_month": ("上月", "last month"),
    "this_year": ("今年", "this year"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """One window; `raw` is its normal form, `anchor` (event, "first" or "last", length) where it hangs on an event."""

    raw: dict[str, Any]
    anchor: tuple[str, str, Duration] | None = None

    def bounds(self, moment: Moment) -> tuple[date | None, date | None, datetime | None, datetime | None]:
        """First and last business date, instant after which, instant up to which; None where open.

        An absolute window is [from, to): it comes back as instants one microsecond earlier.
        """
        today, raw = moment.day, self.raw
        if "last" in raw:
            first_day, after = _lower(raw["last"], moment)
            return first_day, None, after, None
        if "between" in raw:
            first_day, after = _lower(raw["between"][0], moment)
            near = Duration.parse(raw["between"][1])
            if near.days is None:
                return first_day, None, after, moment.as_of - near.delta
            return first_day, today - timedelta(days=near.days), after, None
        if "calendar" in raw:
            return (*_calendar(raw["calendar"], today), None, None)
        after, until = (self._edge(raw.get(name), moment) for name in ("from", "to"))
        return None, None, after, until

    def _edge(self, text: str | None, moment: Moment) -> datetime | None:
        if text is None:
            return None
        edge = moment.local(text)
        instant = edge if isinstance(edge, datetime) else moment.starts(edge)
        return instant - timedelta(microseconds=1)

    def conditions(self, moment: Moment) -> list[str]:
        """As SQL over `day` and `at`; the upper end `as_of` is the reader's business."""
        if self.anchor is not None:
            length = self.anchor[2]
            if length.days is None:
                return ["at > anchor_at", f"at <= anchor_at + INTERVAL {int(length.delta.total_seconds())} SECOND"]
            return ["at > anchor_at", f"day < anchor_day + {length.days}"]
        first, last, after, until = self.bounds(moment)
        made = []
        if first is not None:
            made.append(f"day >= '{_within_calendar(first)}'")
        if last is not None:
            made.append(f"day <= '{_within_calendar(last)}'")
        if after is not None:
            made.append(f"at > {instant_literal(after)}")
        if until is not None:
            made.append(f"at <= {instant_literal(until)}")
        return made

    def holds(self, at: datetime, day: date, moment: Moment, anchor: tuple[datetime, date] | None) -> bool:
        """The same in plain Python."""
        if self.anchor is not None:
            if anchor is None or at <= anchor[0]:
                return False
            length = self.anchor[2]
            if length.days is None:
                return at <= anchor[0] + length.delta
            return day < anchor[1] + timedelta(days=length.days)
        first, last, after, until = self.bounds(moment)
        return (
            (first is None or day >= first)
            and (last is None or day <= last)
            and (after is None or at > after)
            and (until is None or at <= until)
        )

    def words(self, event_words: Any) -> tuple[str, str]:
        """As people say it; `event_words(name)` gives an event's title."""
        raw = self.raw
        if "last" in raw:
            zh, en = Duration.parse(raw["last"]).words()
            return f"最近 {zh}", f"in the last {en}"
        if "between" in raw:
            (far_zh, far), (near_zh, near) = (Duration.parse(text).words() for text in raw["between"])
            return f"{far_zh}前到 {near_zh}前", f"between {far} and {near} ago"
        if "calendar" in raw:
            return CALENDAR[raw["calendar"]]
        if self.anchor is not None:
            event, end, length = self.anchor
            (zh, en), (event_zh, event_en) = length.words(), event_words(event)
            nth = {"first": ("首次", "first"), "last": ("最近一次", "last")}[end]
            return f"{nth[0]}{event_zh}后 {zh}内", f"within {en} after the {nth[1]} {event_en}"
        if "from" in raw or "to" in raw:
            since, until = raw.get("from"), raw.get("to")
            if since and until:
                return f"{since} 至 {until} 期间", f"from {since} to {until}"
            return (f"{since} 起", f"since {since}") if since else (f"{until} 之前", f"before {until}")
        return "", ""


def _within_calendar(day: date) -> date:
    """The engine's dates run from 1970 to 2149; beyond them every event is on the same side."""
    return min(max(day, date(1970, 1, 1)), date(2149, 6, 6))


def _lower(text: str, moment: Moment) -> tuple[date | None, datetime | None]:
    length = Duration.parse(text)
    if length.days is None:
        return None, moment.as_of - length.delta
    return moment.day - timedelta(days=length.days - 1), None


def _calendar(word: str, today: date) -> tuple[date, date]:
    if word == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if word == "last_month":
        end = today.replace(day=1) - timedelta(days=1)
        return end.replace(day=1), end
    first = {
        "today": today,
        "this_week": today - timedelta(days=today.weekday()),
        "this_month": today.replace(day=1),
        "this_year": today.replace(month=1, day=1),
    }[word]
    return first, today


def duration(text: Any, path: str) -> Duration:
    """A length of time, or a refusal."""
    try:
        return Duration.parse(text)
    except BadDuration as error:
        raise BadRule(
            path, f"「{text}」不是时长，请写 30d、2w、12h 或 45m。", f'"{text}" is no length of time: write 30d, 2w, 12h, 45m.',
            "bad_duration",
        ) from error  # fmt: skip


def instant(text: Any, path: str) -> str:
    """A date or an instant as text, or a refusal."""
    try:
        if not isinstance(text, str):
            raise ValueError(text)
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRule(
            path, f"「{text}」不是日期或时间。", f'"{text}" is neither a date nor an instant.', "bad_instant"
        ) from error
    return text


def parse(raw: Any, path: str) -> Window:
    """A window from JSON; none at all is lifetime."""
    if raw is None:
        return Window({})
    if not isinstance(raw, dict) or not raw:
        raise BadRule(path, "时间范围写得不对。", "The window is not right.", "bad_window")
    if "last" in raw:
        fields(raw, path, {"last"}, set())
        duration(raw["last"], f"{path}.last")
        return Window(raw)
    if "between" in raw:
        return _band(raw, path)
    if "calendar" in raw:
        fields(raw, path, {"calendar"}, set())
        if raw["calendar"] not in CALENDAR:
            known = ", ".join(CALENDAR)
            raise BadRule(path, f"没有这个日历区间，可用：{known}。", f"Unknown period; known: {known}.", "bad_window")
        return Window(raw)
    if "within" in raw:
        fields(raw, path, {"within", "after", "did"}, set())
        length = duration(raw["within"], f"{path}.within")
        if raw["after"] not in ("first", "last") or not isinstance(raw["did"], str) or not raw["did"]:
            raise BadRule(path, "after 只能是 first 或 last。", '"after" is "first" or "last".', "bad_window")
        return Window(raw, (raw["did"], raw["after"], length))
    fields(raw, path, set(), {"from", "to"})
    for name in ("from", "to"):
        if name in raw:
            instant(raw[name], f"{path}.{name}")
    return Window(raw)


def _band(raw: dict[str, Any], path: str) -> Window:
    fields(raw, path, {"between"}, set())
    edges = raw["between"]
    if not isinstance(edges, list) or len(edges) != 2:
        raise BadRule(path, "between 要写两个时长。", '"between" takes two lengths of time.', "bad_window")
    far, near = (duration(edge, path) for edge in edges)
    if far.delta <= near.delta:
        raise BadRule(path, "between 先写较远的时长。", '"between" names the longer length first.', "bad_window")
    return Window(raw)
