"""How sequences are answered: by a fold over each member's events in the engine, and by looking at all chains in plain Python.

From one first step on, what matters of the past is how late each step was last reached: a later reach of a step leaves
more time for the next one, and the time from the first step is the same for all. So one pass over the events that follow
a first step decides, whatever their number. How late is an instant, or a business date where the next step has days of
time: days and longer are calendar days here too (`1d` = on the same date), hours and minutes slide.
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from shuke.ground.mirror import list_text, quote
from shuke.insight.grammar.conditions.did import asking
from shuke.insight.grammar.policy import plans
from shuke.insight.grammar.policy.plans import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence as Listed

    from shuke.ground.mirror import Duration, Event, Moment, Registry
    from shuke.insight.grammar.conditions.sequence.steps import Sequence, Step
    from shuke.insight.grammar.policy.rules import Leaf
    from shuke.insight.grammar.policy.world import Happening, World

# What our own rooms write when something happens: never "something else in between".
ECHOES = (
    "refund", "points_moved", "redeem", "message_sent", "campaign_targeted", "coupon_redeemed", "segment_entered",
    "segment_left",
)  # fmt: skip
ORDER = "order"
A_DAY = timedelta(days=1)
EVER = timedelta(days=200_000)
EPOCH = 1 << 62  # keeps instants before 1970 above 0


def plan(leaf_: Leaf, moment: Moment, registry: Registry) -> Plan:
    """How the engine answers it."""
    made: Sequence = leaf_.params
    return Plan((), "{0}", select=lambda few: _select(made, moment, registry, few))


def _select(made: Sequence, moment: Moment, registry: Registry, few: tuple[str, ...]) -> str:
    only = few or (f"member IN (SELECT arrayJoin(bitmapToArray(({_likely(made, moment, registry)}))))",)
    rows = plans.kept_to(only, " UNION ALL ".join(_rows(made, moment, registry, only)))
    events = (
        "SELECT member, arraySort(groupArray((toUnixTimestamp64Micro(at), stands, name, bits, keys, date))) AS ev "
        f"FROM ({rows}) GROUP BY member"
    )
    starts = (
        "SELECT member, ev[i] AS a, arraySlice(ev, i + 1) AS tail "
        f"FROM ({events}) ARRAY JOIN arrayEnumerate(ev) AS i WHERE bitTest(ev[i].4, 0)"
    )
    folded = f"SELECT member, {_fold(made)} AS f FROM ({starts})"
    ok = _ends_well(made, moment)
    return (
        f"SELECT member, max({ok}) AS t0, max(if({ok}, {len(made.asked)}, toInt64(f.{len(made.steps) + 2}))) AS v0 "
        f"FROM ({folded}) GROUP BY member"
    )


def _likely(made: Sequence, moment: Moment, registry: Registry) -> str:
    """A set of members that lacks nobody who did the steps in time and holds few others: only their events are folded.

    The engine's own funnel takes events of one instant in any order, and knows nothing of what was taken back, of values
    that must be the same, nor of what must not be between.
    """
    every = f"bitmapContains(({_candidates(made, moment, registry)}), member)"
    selects = []
    for event in _named(made.steps):
        scan = asking.scan_of(event, moment, registry)
        conditions = (*scan.conditions, _any(made, made.steps, event, moment), every)
        bits = _bits(made, made.steps, event, moment)
        selects.append(f"SELECT member, at, {bits} AS bits FROM {scan.source} WHERE {_and(conditions)}")
    reached = ", ".join(f"bitTest(bits, {n})" for n in range(len(made.steps)))
    funnel = f"windowFunnel({_micro(_longest(made))})(toUInt64({EPOCH} + toUnixTimestamp64Micro(at)), {reached})"
    # A set of a million is looked up in faster for whole rows than while they are read.
    return (
        f"SELECT groupBitmapState(member) FROM (SELECT member FROM ({' UNION ALL '.join(selects)}) GROUP BY member "
        f"HAVING {funnel} = {len(made.steps)} SETTINGS optimize_move_to_prewhere = 0)"
    )


def _longest(made: Sequence) -> timedelta:
    """What lies between the first step and the last at most."""
    if made.within is not None:
        return _at_most(made.within)
    return sum((_at_most(step.within) for step in made.steps[1:]), timedelta())


def _at_most(length: Duration | None) -> timedelta:
    """A day of the calendar may be longer than 24 hours."""
    return EVER if length is None else length.delta + (A_DAY if length.days is not None else timedelta())


def _candidates(made: Sequence, moment: Moment, registry: Registry) -> str:
    """Who did every step at some time, whatever the order, also what was taken back: sets of members, cheap beside events."""
    sets: dict[str, str] = {}
    for n, step in enumerate(made.steps):
        event = step.counted.event
        scan = asking.scan_of(event, moment, registry)
        where = _and((*scan.conditions, _matches(made, n, moment)))
        asked = f"(SELECT groupBitmapState(member) AS b FROM {scan.source} WHERE {where})"
        sets.setdefault(asked, f"s{len(sets)}.b")
    both = reduce(lambda one, other: f"bitmapAnd({one}, {other})", sets.values())
    return f"SELECT {both} FROM {', '.join(f'{asked} AS s{n}' for n, asked in enumerate(sets))}"


def _micro(length: timedelta) -> int:
    return round(length.total_seconds() * 1_000_000)


def _rows(made: Sequence, moment: Moment, registry: Registry, few: tuple[str, ...]) -> list[str]:
    """One SELECT for each event that is named, and for strict ones, those of all that was done besides."""
    selects = []
    named = _named(made.asked)
    for event in named:
        told = (quote(event.name), _bits(made, made.asked, event, moment), _keys(made, event, moment))
        counts = few if made.mode == "strict" else (_any(made, made.asked, event, moment), *few)
        selects.append(_select_rows(event, told, moment, registry, counts))
    if made.mode == "strict":
        blank = f"arrayWithConstant({len(made.same)}, '')"
        names = [event.name for event in named]
        if ORDER not in names and ORDER in registry.events:
            told = (quote(ORDER), "toUInt32(0)", blank)
            selects.append(_select_rows(registry.events[ORDER], told, moment, registry, few))
        others = registry.tables[registry.event("any other").table]
        known = ", ".join(quote(name) for name in dict.fromkeys((*ECHOES, *names)))
        until = () if moment.complete else (f"at <= {moment.instant_sql}",)
        where = _and((f"merchant = {moment.merchant_id}", *until, *few, f"kind NOT IN ({known})"))
        selects.append(
            f"SELECT member, at, {others.stands} AS stands, toString(kind) AS name, toUInt32(0) AS bits, "
            f"{blank} AS keys, toInt64(toInt32(day)) AS date FROM {others.name} WHERE {where}"
        )
    return selects


def _named(steps: Listed[Step]) -> list[Event]:
    return list({step.counted.event.name: step.counted.event for step in steps}.values())


def _and(conditions: Listed[str]) -> str:
    return " AND ".join(f"({condition})" for condition in conditions)


def _select_rows(
    event: Event, told: tuple[str, str, str], moment: Moment, registry: Registry, counts: Listed[str]
) -> str:
    name, bits, keys = told
    scan, stands = asking.scan_of(event, moment, registry), registry.tables[event.table].stands
    return (
        f"SELECT member, at, {stands} AS stands, {name} AS name, {bits} AS bits, "
        f"{keys} AS keys, toInt64(toInt32(day)) AS date FROM {scan.source} WHERE {_and((*scan.conditions, *scan.live, *counts))}"
    )


def _any(made: Sequence, steps: Listed[Step], event: Event, moment: Moment) -> str:
    """That an event matches one of these steps."""
    mine = dict.fromkeys(
        _matches(made, n, moment) for n, step in enumerate(steps) if step.counted.event.name == event.name
    )
    return " OR ".join(f"({one})" for one in mine)


def _bits(made: Sequence, steps: Listed[Step], event: Event, moment: Moment) -> str:
    """A number whose bits say which of these steps an event matches."""
    mine = (n for n, step in enumerate(steps) if step.counted.event.name == event.name)
    return f"toUInt32({' + '.join(f'if({_matches(made, n, moment)}, {1 << n}, 0)' for n in mine)})"


def _matches(made: Sequence, number: int, moment: Moment) -> str:
    counted = made.asked[number].counted
    tests = [asking.filter_sql(counted.event, one, moment) for one in counted.where]
    if number < len(made.steps):
        tests += made.window.conditions(moment)
    return " AND ".join(f"({test})" for test in tests) or "1"


def _keys(made: Sequence, event: Event, moment: Moment) -> str:
    """The values that must be the same, as texts that tell numbers from words; empty where there is none."""
    if not made.same:
        return "emptyArrayString()"
    return f"[{', '.join(_key(event, prop, moment) for prop in made.same)}]"


def _key(event: Event, prop: str, moment: Moment) -> str:
    known = event.properties.get(prop)
    if known is not None:
        sql = known.sql.replace("«as_of»", moment.instant_sql).replace("«merchant»", str(moment.merchant_id))
        if known.type == "text":
            return f"toString({sql})"
        text = f"if({sql}, 'true', 'false')" if known.type == "flag" else f"concat(char(30), toString({sql}))"
        return f"if({known.has}, {text}, '')" if known.has else text
    if not event.open:
        return "''"
    key = quote(prop)
    number = f"if(mapContains(numbers, {key}), concat(char(30), toString(numbers[{key}])), '')"
    return f"if(texts[{key}] != '', texts[{key}], {number})"


def _late(length: Duration | None, instant: str, date: str) -> str:
    """How late something is, in what the length that follows it is counted in."""
    return date if length is not None and length.days is not None else instant


def _in_time(length: Duration, since: str, instant: str, date: str) -> str:
    """Whether an instant or a date lies within the length after `since`."""
    if length.days is not None:
        return f"{date} - {since} < {length.days}"
    return f"{instant} - {since} <= {_micro(length.delta)}"


def _fold(made: Sequence) -> str:
    """(how late each step was reached …, since when nothing forbidden came, steps reached, done), −1 for never."""
    count, absent = len(made.steps), made.absent.within if made.absent is not None else None
    following = [*(step.within for step in made.steps[1:]), None]  # what counts from each step on
    initial = [
        _late(following[0], "a.1", "a.6"),
        *(["toInt64(-1)"] * (count - 1)),
        _late(absent, "a.1", "a.6") if count == 1 else "toInt64(-1)",
        "toInt64(1)",
        "toInt64(0)",
    ]
    bits = _kept_bits(made)
    moves = {n: _advances(made, n) for n in range(1, count)}
    new = [_kept(made, 0)]
    new += [f"if({moves[n]}, {_late(following[n], 't', 'd')}, {_kept(made, n)})" for n in range(1, count)]
    level = f"acc.{count + 2}"
    for n, move in moves.items():
        level = f"greatest({level}, if({move}, toInt64({n + 1}), toInt64(0)))"
    pending, done = f"acc.{count + 1}", f"acc.{count + 3}"
    if absent is not None:
        forbidden = f"bitTest(b, {count})"
        late = f"{forbidden} AND {pending} >= 0 AND NOT ({_in_time(absent, pending, 't', 'd')})"
        base = f"if({forbidden}, toInt64(-1), {pending})"
        done = f"if({late}, toInt64(1), {done})"
        last = _late(absent, "t", "d")
        pending = base if count == 1 else f"if({moves[count - 1]} AND {base} < 0, {last}, {base})"
    state = ", ".join([*new, pending, level, done])
    told = f"arrayMap(e -> e.1, tail), arrayMap(e -> e.6, tail), {bits}, tuple({', '.join(initial)})"
    return f"arrayFold((acc, t, d, b) -> tuple({state}), {told})"


def _kept_bits(made: Sequence) -> str:
    """The steps an event matches, less those whose value is not that of the first step."""
    lost = []
    for n, step in enumerate(made.asked):
        places = [made.same.index(prop) + 1 for prop in step.same]
        if places:
            equal = " AND ".join(f"e.5[{at}] != '' AND e.5[{at}] = a.5[{at}]" for at in places)
            lost.append(f"if({equal}, 0, {1 << n})")
    if not lost:
        return "arrayMap(e -> e.4, tail)"
    return f"arrayMap(e -> toUInt32(bitAnd(e.4, bitNot(toUInt32({' + '.join(lost)})))), tail)"


def _advances(made: Sequence, number: int) -> str:
    before, step = f"acc.{number}", made.steps[number]
    tests = [f"bitTest(b, {number})", f"{before} >= 0"]
    if step.within is not None:
        tests.append(_in_time(step.within, before, "t", "d"))
    if made.within is not None:
        tests.append(_in_time(made.within, _late(made.within, "a.1", "a.6"), "t", "d"))
    return f"({' AND '.join(tests)})"


def _kept(made: Sequence, number: int) -> str:
    """What stays of a step that was reached: strict waits for nothing else, no_repeat not beyond the next step, nor one done."""
    now = f"acc.{number + 1}"
    if made.mode == "strict":
        return "toInt64(-1)"
    if made.mode == "no_repeat":
        repeated = (1 << min(number + 2, len(made.steps))) - 1
        return f"if(bitAnd(b, {repeated}) != 0, toInt64(-1), {now})"
    return now


def _ends_well(made: Sequence, moment: Moment) -> str:
    count, absent = len(made.steps), made.absent.within if made.absent is not None else None
    if absent is None:
        return f"(f.{count + 2} >= {count})"
    since, now = f"f.{count + 1}", f"toUnixTimestamp64Micro({moment.instant_sql})"
    over = f"{since} + {_micro(absent.delta)} <= {now}"
    if absent.days is not None:
        over = f"{since} + {absent.days} <= toInt32(toDate('{moment.day}'))"
    return f"(f.{count + 3} = 1 OR ({since} >= 0 AND {over}))"


def holding(leaf_: Leaf, moment: Moment, registry: Registry, world: World) -> set[int]:
    """The same in plain Python: every chain is looked at."""
    made: Sequence = leaf_.params
    names = {step.counted.event.name for step in made.asked}
    if made.mode == "strict":
        names |= {
            deed.event for deed in world.deeds
            if deed.event == ORDER or (deed.event not in ECHOES and registry.event(deed.event).table == "events")
        }  # fmt: skip
    events: dict[int, list[tuple[Any, str, Happening]]] = {}
    for name in names:
        for member, happenings in world.happenings(name, moment).items():
            events.setdefault(member, []).extend(((*one.order, name), name, one) for one in happenings)
    inside = world.population(moment)
    return {
        member
        for member in inside & set(events)
        if _some_chain(made, sorted(events[member], key=lambda e: e[0]), moment)
    }


def _some_chain(made: Sequence, events: Listed[tuple[Any, str, Happening]], moment: Moment) -> bool:
    fits = [[_fits(made, n, name, one, moment) for n in range(len(made.asked))] for _, name, one in events]
    return any(
        _chain_from(made, start, [one for _, _, one in events], fits, moment)
        for start in range(len(events))
        if fits[start][0]
    )


def _fits(made: Sequence, number: int, name: str, happening: Happening, moment: Moment) -> bool:
    counted = made.asked[number].counted
    if counted.event.name != name or not asking.passes(counted.where, happening, moment):
        return False
    return number >= len(made.steps) or made.window.holds(happening.at, happening.day, moment, None)


def _key_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return list_text(value)
    return value if isinstance(value, str) else "" if value is None else f"\x1e{value}"


def _chain_from(
    made: Sequence, start: int, events: Listed[Happening], fits: list[list[bool]], moment: Moment
) -> bool:  # fmt: skip
    first = events[start]

    def fit(number: int, place: int) -> bool:
        keys = [
            (_key_of(events[place].properties.get(p)), _key_of(first.properties.get(p)))
            for p in made.asked[number].same
        ]
        return fits[place][number] and all(one == other != "" for one, other in keys)

    def between(done: int, before: int, after: int) -> bool:
        passed = range(before + 1, after)
        if made.mode == "strict":
            return not passed
        return made.mode == "relaxed" or not any(fit(step, place) for step in range(done + 1) for place in passed)

    reached = {start}
    for number, step in enumerate(made.steps[1:], start=1):
        reached = {
            after
            for before in reached
            for after in range(before + 1, len(events))
            if fit(number, after)
            and between(number, before, after)
            and _soon_enough(step.within, events[before], events[after])
            and _soon_enough(made.within, first, events[after])
        }
    if made.absent is None or made.absent.within is None:
        return bool(reached)
    absent, allowed = len(made.steps), made.absent.within
    return any(
        _over(allowed, events[place], moment)
        and not any(
            fit(absent, after) and _soon_enough(allowed, events[place], events[after])
            for after in range(place + 1, len(events))
        )
        for place in reached
    )


def _soon_enough(length: Duration | None, one: Happening, other: Happening) -> bool:
    if length is None:
        return True
    if length.days is not None:
        return (other.day - one.day).days < length.days
    return other.at - one.at <= length.delta


def _over(length: Duration, since: Happening, moment: Moment) -> bool:
    """Whether the whole length after something has gone by."""
    if length.days is not None:
        return (moment.day - since.day).days >= length.days
    return since.at + length.delta <= moment.as_of
