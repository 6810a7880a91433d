"""The member joined so many days ago."""

from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Age(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Full days since joining: at least, and less than where given."""

    least_days: Annotated[int, asked("入会满几天", "At least", unit="days", ge=0, le=36_500)] = 0
    below_days: Annotated[int, asked("入会不到几天", "Less than", unit="days", ge=1, le=36_500)] | None = 30


class OfMemberAge:
    """Only new members, or only old ones."""

    code: ClassVar[str] = "member_age"
    name: ClassVar[Sentence] = Sentence("限入会时长", "By time since joining")
    Params: ClassVar[type[msgspec.Struct]] = Age
    needs: ClassVar[frozenset[str]] = frozenset({"profile"})

    def holds(self, params: Age, basis: Basis) -> bool:
        """Whether the time since joining lies between them; without a known beginning never."""
        joined = basis.known.joined_at
        if joined is None:
            return False
        age = max(basis.occurred_at - joined, timedelta(0))
        return age >= timedelta(days=params.least_days) and (
            params.below_days is None or age < timedelta(days=params.below_days)
        )

    def sentence(self, params: Age) -> Sentence:
        """The condition in words."""
        parts = []
        if params.least_days:
            parts.append((f"满 {params.least_days} 天", f"for {params.least_days} days or more"))
        if params.below_days is not None:
            parts.append((f"不到 {params.below_days} 天", f"for less than {params.below_days} days"))
        zh, en = "、".join(part[0] for part in parts), " and ".join(part[1] for part in parts)
        return Sentence(f"仅入会{zh}的会员", f"only members {en}") if parts else Sentence("所有会员", "all members")
