"""Content type: whether a member watches videos or reads articles, drawn to what all do where little was seen.

Of two groups the law of `policy/shares.py` is the beta-binomial; what was watched or read 90 days ago counts half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shuke.insight.profiles.policy import shares
from shuke.insight.profiles.policy.cards import Learnt, Said, verdict
from shuke.insight.profiles.policy.fitting import Words
from shuke.insight.profiles.policy.kinds import LAST_PERIOD, ReadyTag, Score, percent
from shuke.insight.profiles.policy.shares import Counts

CODE = "content"
NAME = Words("内容偏好", "Content type")
UNIT = Words("占比", "share")
BASELINE = LAST_PERIOD
READS, EARLIER = "by_content", False
SCORES = (Score("video_share", "number", Words("爱看视频的程度", "Share of videos in what is seen")),)
KINDS = ("video_watched", "article_read")
FEWEST_SEEN = 3  # of fewer nothing is said


def learn(_: Counts | None, past: Counts, whole: Counts, period: int) -> Learnt:
    """How alike members are in what they watch and read; judged on what they saw in the held-out time."""
    past, whole = past.only(KINDS), whole.only(KINDS)
    means = shares.mix(past.known)
    fit = shares.concentration(past.times, shares.mix(past.times))
    judgement = None
    if fit.converged:
        judgement = shares.judged(past, shares.expected(past.known, means, fit.parameters["concentration"]), [0])
    why = verdict(fit, judgement)
    if why is not None:
        return Learnt(fit=fit, judgement=judgement, kept={}, why=why)
    means = shares.mix(whole.known)
    fit = shares.concentration(whole.times, shares.mix(whole.times))
    kept = {"mix": means.tolist(), "concentration": fit.parameters.get("concentration", 0.0)}
    return Learnt(fit=fit, judgement=judgement, kept=kept, why=fit.why)


def say(kept: dict[str, Any], whole: Counts) -> Said:
    """The share of videos, of members who saw a few things."""
    whole = whole.only(KINDS)
    whole = whole.where(whole.times.sum(axis=1) >= FEWEST_SEEN)
    found = shares.expected(whole.known, np.array(kept["mix"]), kept["concentration"])[:, 0]
    return Said(whole.member, {"video_share": found.round(2).tolist()}, {
        "videos": whole.times[:, 0].astype(int).tolist(), "articles": whole.times[:, 1].astype(int).tolist(),
        "all": [round(kept["mix"][0], 3)] * len(whole),
    })  # fmt: skip


def reason(scores: dict[str, Any], evidence: dict[str, Any]) -> Words:
    """Why, in one sentence."""
    share, overall = percent(scores["video_share"]), percent(evidence["all"])
    return Words(
        f"看过 {evidence['videos']} 个视频、{evidence['articles']} 篇文章，近期的算得多；"
        f"下次看视频的可能性 {share}，大家平均 {overall}。",
        f"Watched {evidence['videos']} videos and read {evidence['articles']} articles, lately counting more: {share} likely to "
        f"watch next, {overall} on average.",
    )


def tags(_: dict[str, Any]) -> list[ReadyTag]:
    """Who watches, and who reads."""
    group = Words("内容偏好", "Content type")
    means = Words("下次看视频的可能性", "How likely a video is watched next")
    return [
        ReadyTag(
            code="video", name=Words("短视频党", "Video watchers"), model=CODE, score="video_share", op=">=", value=0.7,
            unit="share", group=group, means=means,
        ),
        ReadyTag(
            code="article", name=Words("图文党", "Readers"), model=CODE, score="video_share", op="<=", value=0.35,
            unit="share", group=group, means=means,
        ),
    ]  # fmt: skip
