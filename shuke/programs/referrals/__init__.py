"""Referrals: members bring friends; who brought whom is kept for ever, and both sides are rewarded once it proved true."""

from shuke.programs.referrals.actions.attributing import Asked, Verdict, attribute
from shuke.programs.referrals.actions.merging import merge_relations, split_relations
from shuke.programs.referrals.actions.prizes import close_boards
from shuke.programs.referrals.actions.settling import (
    Decision, consider, consider_friends, decide, refund, settle, settle_merchant,
)  # fmt: skip
from shuke.programs.referrals.actions.shaping import Touch, ensure_codes, publish, touch
from shuke.programs.referrals.events import MembersReferred, ReferralsRewarded, ReferralsTakenBack
from shuke.programs.referrals.policy.plan import BadReferralPlan, Plan, Prize, ReferralsClosed
from shuke.programs.referrals.policy.relation import (
    CannotRefer, NoSuchCode, ReasonNeeded, Relation, Taken, is_ring, outcome,
)  # fmt: skip
from shuke.programs.referrals.queries.boards import Board, board
from shuke.programs.referrals.queries.plans import is_open, plan_open
from shuke.programs.referrals.queries.relations import any_since, counts, list_relations, of_friends, shown, to_review
from shuke.programs.referrals.queries.trees import Tree, below, tree

__all__ = [
    "Asked", "BadReferralPlan", "Board", "CannotRefer", "Decision", "MembersReferred", "NoSuchCode", "Plan",
    "Prize", "ReasonNeeded", "ReferralsClosed", "ReferralsRewarded", "ReferralsTakenBack", "Relation", "Taken",
    "Touch", "Tree", "Verdict", "any_since", "attribute", "below", "board", "close_boards", "consider", "consider_friends",
    "counts", "decide", "ensure_codes", "is_open", "is_ring", "list_relations", "merge_relations", "of_friends", "outcome",
    "plan_open", "publish", "refund", "settle", "settle_merchant", "shown", "split_relations", "to_review", "touch", "tree",
]  # fmt: skip
