"""The closed list of things that can be given."""

from collections.abc import Sequence

from shuke.assets.rewards.effects.draw import BadDraw, DrawPrize
from shuke.assets.rewards.effects.give_card import CARDS, GiveCard
from shuke.assets.rewards.effects.give_chance import GiveChance
from shuke.assets.rewards.effects.give_growth import GiveGrowth
from shuke.assets.rewards.effects.give_offer import GiveOffer
from shuke.assets.rewards.effects.give_points import GivePoints
from shuke.assets.rewards.effects.kind import Given, Reward, RewardKind, Rewards, SomeRewards, Taken, Wanted, of_points
from shuke.kit.kinds import Family, Sentence

kinds: Family[RewardKind] = Family(
    "reward", "礼遇", [GivePoints(), GiveGrowth(), GiveCard(), GiveChance(), GiveOffer(), DrawPrize(lambda: kinds)]
)


def sentence(rewards: Sequence[Reward]) -> Sentence:
    """What these rewards are together: 50 积分和积分抵现「500-as-50」; empty for none."""
    told = [kinds.get(one.kind).sentence(kinds.parameters(one.kind, one.params)) for one in rewards]
    return Sentence("、".join(one.zh for one in told), ", ".join(one.en for one in told))


__all__ = [
    "CARDS",
    "BadDraw",
    "Given",
    "Reward",
    "RewardKind",
    "Rewards",
    "SomeRewards",
    "Taken",
    "Wanted",
    "kinds",
    "of_points",
    "sentence",
]
