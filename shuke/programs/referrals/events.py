"""What referrals announce."""

from shuke.kit.events import Event


class MembersReferred(Event, frozen=True, kw_only=True, tag="members_referred"):
    """Members brought friends: (friend, referrer) pairs."""

    pairs: list[tuple[int, int]]


class ReferralsRewarded(Event, frozen=True, kw_only=True, tag="referrals_rewarded"):
    """Referrals were rewarded, by number."""

    referral_ids: list[int]


class ReferralsTakenBack(Event, frozen=True, kw_only=True, tag="referrals_taken_back"):
    """The rewards of referrals were taken back, by number."""

    referral_ids: list[int]
