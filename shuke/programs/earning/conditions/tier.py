"""The member stood on one of these tiers."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Levels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers of tiers, the lowest is 0; at least one."""

    levels: Annotated[
        list[Annotated[int, Meta(ge=0, le=100)]], asked("会员等级", "Tiers", widget="tier"), Meta(min_length=1)
    ]


class OnTier:
    """Only for members of these tiers, as they stood before the order."""

    code: ClassVar[str] = "tier"
    name: ClassVar[Sentence] = Sentence("限等级", "For tiers")
    Params: ClassVar[type[msgspec.Struct]] = Levels

    def holds(self, params: Levels, basis: Basis) -> bool:
        """Whether the member's tier is one of them."""
        return basis.tier_level in params.levels

    def sentence(self, params: Levels) -> Sentence:
        """The condition in words."""
        levels = [str(level) for level in sorted(set(params.levels))]
        return Sentence(f"仅限 {'、'.join(levels)} 级会员", f"only for tier {', '.join(levels)}")
