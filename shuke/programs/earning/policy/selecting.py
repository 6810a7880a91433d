"""Published rules made ready once: which of them can concern what happens on a day at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from shuke.programs.earning.policy.rules import LiveRule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shuke.programs.earning.policy.rules import Award, Basis

_AROUND = timedelta(days=4)
"""More than an instant can lie from the midnight of its business date in UTC: zone, day start and the day itself."""
_MOST_DAYS = 1000

Check = tuple["Callable[[Any, Basis], bool]", Any]


class Prepared(NamedTuple):
    """One rule as it stands on a day: what is still to be asked of each order, and who gives."""

    rule: LiveRule
    checks: Sequence[Check]
    give: Callable[[LiveRule, Basis], Award | None] | None
    """None for multipliers, which act on what the others give."""
    grouped: bool
    limited: bool


@dataclass(slots=True)
class Day:
    """The rules that can concern what happens on a day, in their order."""

    rules: list[Prepared]
    bounded: bool
    """Whether the period of one of them begins or ends about then."""

    def at(self, instant: datetime) -> list[Prepared]:
        """Those that are live at an instant of the day."""
        return [one for one in self.rules if one.rule.holds_at(instant)] if self.bounded else self.rules


class RuleSet(tuple[LiveRule, ...]):
    """Rules sorted as they apply. What depends on the business date alone is asked once a day, not once an order."""

    _days: dict[Any, Day]
    _limited: dict[Any, list[LiveRule]]

    def concerning(self, effects: Any, basis: Basis) -> Day:
        """The rules that can concern such a thing on its day, in their order; `effects` is the family of effect kinds."""
        key = (basis.trigger, basis.event, basis.on)
        try:
            return self._days[key]
        except AttributeError:
            self._days = {}
        except KeyError:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
        begin, end = _around(basis)
        possible = (rule for rule in self if _possible(rule, basis, begin, end))
        found = [
            Prepared(
                rule, [(kind.holds, params) for kind, params in rule.conditions if not hasattr(kind, "dated")],
                None if rule.kind == "multiplier" else effects[rule.kind].award, bool(rule.terms.group), rule.limited,
            )
            for rule in possible
            if all(kind.holds(params, basis) for kind, params in rule.conditions if hasattr(kind, "dated"))
        ]  # fmt: skip
        bounded = any(
            (one.rule.live_from is not None and one.rule.live_from > begin)
            or (one.rule.live_to is not None and one.rule.live_to < end)
            for one in found
        )
        day = self._days[key] = Day(found, bounded)
        return day

    def limited(self, basis: Basis) -> list[LiveRule]:
        """The rules with counters that may be about such a thing, as far as its day, trigger and event say."""
        key = (basis.trigger, basis.event, basis.on)
        try:
            return self._limited[key]
        except AttributeError:
            self._limited = {}
        except KeyError:
            if len(self._limited) >= _MOST_DAYS:
                self._limited.clear()
        begin, end = _around(basis)
        found = self._limited[key] = [rule for rule in self if rule.limited and _possible(rule, basis, begin, end)]
        return found


def _around(basis: Basis) -> tuple[datetime, datetime]:
    midnight = datetime.combine(basis.on, time(), UTC)
    return midnight - _AROUND, midnight + _AROUND


def _possible(rule: LiveRule, basis: Basis, begin: datetime, end: datetime) -> bool:
    """Whether a rule is about such a thing and may have been live around its day."""
    return (
        rule.trigger == basis.trigger
        and (basis.trigger != "event" or basis.event in rule.events)
        and (rule.live_from is None or rule.live_from < end)
        and (rule.live_to is None or rule.live_to > begin)
    )
