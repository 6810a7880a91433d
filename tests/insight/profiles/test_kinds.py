"""The laws of the models: shares drawn to the mix, chances found again, areas under curves; in numbers made for it."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.insight.profiles.policy import logistic, shares
from shuke.insight.profiles.policy.cards import ALIKE, verdict
from shuke.insight.profiles.policy.fitting import Fit
from shuke.insight.profiles.policy.histories import Purchases, history
from shuke.insight.profiles.policy.judging import auc, judge_chances
from shuke.insight.profiles.policy.shares import REST, Counts
from shuke.insight.profiles.scorers import SPEAKING, affinity, churn, content, next_category, price, social, stage

NAMES = ("护肤", "彩妆", "香氛", "")


def counted(rng: np.random.Generator, concentration: float, orders: int = 12, members: int = 3_000) -> Counts:
    """Members whose shares are Dirichlet around a mix, before and after a day."""
    mix = np.array([0.5, 0.3, 0.15, 0.05])
    own = rng.dirichlet(mix * concentration, members)
    totals = rng.poisson(orders, members) + 1
    times = rng.multinomial(totals, own).astype(float)
    after = rng.multinomial(rng.poisson(4, members), own).astype(float)
    before = np.minimum(times, rng.multinomial(3, own))
    sample = np.full(times.shape, "玫瑰精华", object)
    return Counts(NAMES, np.arange(members), times, times, before, after, sample)


def test_the_concentration_is_found_again() -> None:
    found = shares.concentration(counted(np.random.default_rng(1), 6.0).times, np.array([0.5, 0.3, 0.15, 0.05]))
    assert found.converged and found.parameters["concentration"] == pytest.approx(6.0, rel=0.1)
    alike = counted(np.random.default_rng(2), 1e9)
    told = affinity.learn(None, alike, alike, 30)
    # Who buys as the shop sells has no favourite, however much it is.
    assert told.why is not None or not len(affinity.say(told.kept, alike).member)


def test_expected_shares_lie_between_the_member_and_the_shop() -> None:
    mix = np.array([0.7, 0.3])
    found = shares.expected(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 1000.0]]), mix, 10.0)
    assert found[0] == pytest.approx(mix)
    assert found[1] == pytest.approx([0.85, 0.15])
    assert found[2][1] > 0.99 and np.allclose(found.sum(axis=1), 1)


def test_loved_categories_beat_last_period_and_say_why() -> None:
    past = counted(np.random.default_rng(3), 4.0)
    told = affinity.learn(None, past, past, 30)
    assert told.why is None and told.judgement is not None and told.judgement.better
    said = affinity.say(told.kept, past)
    scores = {name: column[0] for name, column in said.scores.items() if column[0] is not None}
    evidence = {name: column[0] for name, column in said.evidence.items()}
    assert scores["category"] in NAMES[:3] and scores["category_lift"] >= affinity.LOVED
    reason = affinity.reason(scores, evidence)
    assert reason.zh.startswith(f"买过 {evidence['times']} 次{scores['category']}") and scores["category"] in reason.en
    assert {tag.code for tag in affinity.tags(told.kept)} == {"lover:护肤", "lover:彩妆", "lover:香氛"}
    wide = past.only(("香氛", "没卖过的", REST))
    assert wide.times[:, 1].sum() == 0 and np.allclose(wide.times.sum(axis=1), past.times.sum(axis=1))


def test_videos_and_articles() -> None:
    rng = np.random.default_rng(4)
    own = rng.beta(0.6, 0.6, 1_500)
    seen = rng.poisson(6, 1_500) + 1
    videos, after = rng.binomial(seen, own), rng.binomial(3, own)
    times = np.column_stack([videos, seen - videos]).astype(float)
    later = np.column_stack([after, 3 - after]).astype(float)
    counts = Counts(content.KINDS, np.arange(1_500), times, times, np.minimum(times, 2), later)
    told = content.learn(None, counts, counts, 30)
    assert told.why is None and told.fit.parameters["concentration"] == pytest.approx(1.2, rel=0.2)
    said = content.say(told.kept, counts)
    assert len(said.member) == int((seen >= content.FEWEST_SEEN).sum())


def test_a_stage_needs_words_and_shows_what_was_bought() -> None:
    rng = np.random.default_rng(5)
    own = rng.beta(0.3, 2.0, 2_000)
    orders = rng.poisson(8, 2_000) + 1
    with_goods, after = rng.binomial(orders, own), rng.binomial(2, own)
    times = np.column_stack([orders, with_goods]).astype(float)
    counts = Counts(
        ("", "宝妈"), np.arange(2_000), times, times, np.minimum(times, 1),
        np.column_stack([np.full(2_000, 2), after]).astype(float), np.full((2_000, 2), "婴儿润肤乳", object),
    )  # fmt: skip
    told = stage.learn(None, counts, counts, 30)
    assert told.why is None and set(told.kept["stages"]) == {"宝妈"}
    said = stage.say(told.kept, counts)
    assert said.scores["stage"][0] == "宝妈" and min(said.scores["stage_lift"]) >= stage.MARKED
    assert min(said.evidence["times"]) >= stage.TWICE and said.evidence["bought"][0] == "婴儿润肤乳"
    bare = counts.only(("",))
    assert stage.learn(None, bare, bare, 30).why == stage.NO_WORDS


def test_a_logistic_line_is_found_again_and_too_few_teach_nothing() -> None:
    rng = np.random.default_rng(6)
    columns = rng.normal(size=(20_000, 2)) * (1.0, 10.0)
    happened = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 + 1.5 * columns[:, 0] - 0.08 * columns[:, 1])))
    fit, line = logistic.fit(columns, happened, ("a", "b"))
    assert fit.converged and line is not None
    assert line.weights[1] == pytest.approx(1.5, abs=0.08) and line.weights[2] == pytest.approx(-0.8, abs=0.06)
    assert line.chance(columns).mean() == pytest.approx(happened.mean(), abs=1e-3)
    assert np.allclose(logistic.line_of(line.kept()).chance(columns), line.chance(columns))
    few, none = logistic.fit(columns[:40], np.arange(40) < 3, ("a", "b"))
    assert none is None and few.why is not None and "3" in few.why.zh


def bought(rng: np.random.Generator, members: int = 4_000, days: float = 120.0) -> Purchases:
    """Members who stay away for good after any visit with a chance, as of a day with as much after it as before."""
    rate = rng.gamma(1.5, 1 / 30, members) + 1 / 200
    alive = rng.random(members) < 0.7
    repeats = rng.poisson(rate * days)
    last = np.where(repeats > 0, rng.beta(repeats + 1, 1) * days, 0.0) * np.where(alive, 1, 0.4)
    before = np.where(last > days - 60, rng.poisson(rate * 60), 0).astype(float)
    after = np.where(alive, rng.poisson(rate * 60), 0).astype(float)
    known = history([*range(members)], repeats.tolist(), (last / 7).tolist(), np.full(members, days / 7).tolist())
    return Purchases(known, np.zeros(members), before, before, after, after)


def test_churn_is_judged_on_a_period_it_did_not_see() -> None:
    rng = np.random.default_rng(7)
    earlier, past, whole = bought(rng), bought(rng), bought(rng)
    told = churn.learn(earlier, past, whole, 60)
    assert told.why is None and told.judgement is not None
    assert told.judgement.auc is not None and told.judgement.baseline_auc is not None
    assert told.judgement.auc > max(told.judgement.baseline_auc, 0.6)
    said = churn.say(told.kept | {"until": str(date(2026, 3, 2))}, whole)
    assert min(said.scores["churn"]) >= 0 and max(said.scores["churn"]) <= 1
    noise = Purchases(
        past.histories, past.known_fen, past.before, past.before_fen, rng.permutation(past.before), past.after_fen
    )  # what happens next has nothing to do with anything
    lost = churn.learn(earlier, noise, whole, 60)
    assert lost.why is not None and not lost.kept


def test_company_follows_what_was_done_and_fades() -> None:
    rng = np.random.default_rng(8)
    days = rng.integers(60, 365, 4_000)
    rate = rng.gamma(0.4, 1 / 60, 4_000)
    acts, after, before = (rng.poisson(rate * span) for span in (days, 60, 60))
    known = {
        "member": np.arange(4_000), "days": days, "acts": acts, "doings": acts + 10, "after": after, "before": before,
        "shares": acts, "reviews": acts * 0, "invites": acts * 0, "lately": acts * 0.6,
    }  # fmt: skip
    told = social.learn(None, known, known, 60)
    assert told.why is None and told.fit.parameters["r"] == pytest.approx(0.4, rel=0.15)
    said = social.say(told.kept, known)
    none, some = (said.scores["social"][place] for place in (int(acts.argmin()), int(acts.argmax())))
    assert none < 0.3 < 0.8 < some
    quiet = social.reason({"social": none}, {"shares": 0, "reviews": 0, "invites": 0, "doings": 12, "days": 60})
    assert "从没分享" in quiet.zh and "none of them" in quiet.en


def discounted(rng: np.random.Generator, between: float, members: int = 3_000) -> dict[str, np.ndarray]:
    """Members with a habit of discounts and a depth of their own around 20 %, spread by `between`; orders scatter by 8 %."""
    orders = rng.poisson(6, members) + 1
    share, own = rng.beta(1.0, 2.0, members), rng.normal(0.2, between, members).clip(0.01, 0.9)

    def deep(count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = rng.normal(own[:, None], 0.08, (members, 30)).clip(0, 1) * (np.arange(30) < count[:, None])
        return drawn.sum(axis=1), (drawn**2).sum(axis=1)

    known = {"member": np.arange(members), "orders": orders, "discounted": rng.binomial(orders, share)}
    known["deep"], known["deep_squares"] = deep(known["discounted"])
    for name in ("before", "after"):
        known[name] = rng.poisson(2, members)
        known[f"{name}_discounted"] = rng.binomial(known[name], share)
        known[f"{name}_deep"], _ = deep(known[f"{name}_discounted"])
    return known


def test_depth_is_drawn_to_the_shop_where_discounts_were_few() -> None:
    known = discounted(np.random.default_rng(10), 0.08)
    told = price.learn(None, known, known, 60)
    assert told.why is None
    # The variance within over the variance between: as many discounted orders weigh as much as the shop.
    assert told.kept["pull"] == pytest.approx(1.0, abs=0.2) and told.kept["depth"] == pytest.approx(0.2, abs=0.01)
    one, many = price.depth(0.2, 1.0, np.array([1, 9]), np.array([0.5, 4.5]))
    assert (one, many) == pytest.approx((0.35, 0.47))
    said = price.say(told.kept, known)
    never = int(np.flatnonzero(known["discounted"] == 0)[0])
    some = int(np.flatnonzero(known["discounted"] > 3)[0])
    assert said.scores["discount_depth"][never] is None and 0 < said.scores["discount_depth"][some] < 1
    why = price.reason(
        {name: column[some] for name, column in said.scores.items()},
        {name: column[some] for name, column in said.evidence.items()},
    )
    assert "用优惠时平均省" in why.zh and "全店 20%" in why.zh and "20% in the shop" in why.en
    assert [tag.code for tag in price.tags(told.kept)] == ["deep", "thrifty"]


def test_depth_is_not_told_where_members_do_not_differ() -> None:
    known = discounted(np.random.default_rng(11), 0.0)
    known["after_deep"] = known["after_discounted"] * 0.2 + np.random.default_rng(12).normal(0, 3, len(known["after"]))
    told = price.learn(None, known, known, 60)
    assert told.why is None and told.kept["shop"] > 0
    assert price.credibility(known) is None or price.credibility(known)[1] > 20  # type: ignore[index]
    alone = known | {"discounted": np.minimum(known["discounted"], 1)}
    assert price.credibility(alone) is None
    assert price.credibility({name: column[:0] for name, column in known.items()}) is None


def test_the_next_category_is_the_one_that_follows() -> None:
    rng = np.random.default_rng(9)

    def season() -> Counts:
        times = (rng.random((4_000, 4)) < (0.4, 0.3, 0.1, 0.0)).astype(float)
        times[times.sum(axis=1) == 0, 0] = 1
        follows = np.where(times[:, 1] > 0, 0.45, 0.05)  # who bought make-up comes for scent
        after = np.column_stack([rng.random(4_000) < 0.1, rng.random(4_000) < 0.1, rng.random(4_000) < follows])
        return Counts(
            NAMES, np.arange(4_000), times, times, times, np.column_stack([after, np.zeros(4_000)]).astype(float)
        )

    told = next_category.learn(season(), season(), whole := season(), 60)
    assert told.why is None and told.judgement is not None and (told.judgement.auc or 0) > 0.6
    said = next_category.say(told.kept, whole)
    place = {member: n for n, member in enumerate(said.member.tolist())}
    [someone, *_] = [n for n in range(4_000) if whole.times[n].tolist() == [1, 1, 0, 0]]
    assert said.scores["next_category"][place[someone]] == "香氛"
    assert said.evidence["because"][place[someone]] == "彩妆"


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_the_share_of_pairs_in_order(rated: list[tuple[int, bool]]) -> None:
    values, happened = np.array([one for one, _ in rated], float), np.array([two for _, two in rated])
    pairs = [(a > b) + 0.5 * (a == b) for a in values[happened] for b in values[~happened]]
    found = auc(values, happened)
    assert found is None if not pairs else found == pytest.approx(float(np.mean(pairs)))


def test_chances_that_order_no_better_are_not_better() -> None:
    happened = np.array([True, False] * 50)
    told = judge_chances(np.full(100, 0.45), happened, happened.astype(float) * 0.2)
    assert told.error < told.baseline_error and told.auc == 0.5 and told.baseline_auc == 1.0
    assert not told.better


@pytest.mark.parametrize("happened", [True, False])
def test_where_the_same_happened_to_everybody_no_order_is_judged(happened: bool) -> None:
    """Nobody shared in the held-out time, or everybody did: small chances come nearer than last period, and prove nothing."""
    everybody = np.full(50, happened)
    told = judge_chances(np.where(everybody, 0.9, 0.1), everybody, np.arange(50) % 2)
    assert told.error < told.baseline_error and told.auc is None
    assert told.alike and not told.better
    assert verdict(Fit(parameters={"r": 1.0}, log_likelihood=-1.0, converged=True, members=50), told) is ALIKE


@pytest.mark.parametrize("used", [True, False])
def test_a_shop_where_every_order_has_a_discount_tells_nobody_apart(used: bool) -> None:
    orders = np.arange(1, 41)
    fit = price.fit(orders * used, orders)
    assert not fit.converged and fit.why is price.ALIKE


def test_every_model_names_its_scores_in_both_languages() -> None:
    for model in SPEAKING.values():
        assert all(score.title.zh and score.title.en for score in model.SCORES), model.CODE
        assert model.NAME.zh and model.NAME.en
