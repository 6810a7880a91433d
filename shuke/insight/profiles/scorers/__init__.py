"""The models, one a file: each fits itself to what members did, judges itself, scores them and says why, all members at once.

`LEARNING` models have `learn(earlier, past, whole, period)` (see `policy/cards.py`) beside what `SPEAKING` ones have:
`CODE`, `NAME`, `SCORES`, `say(kept, whole)`, `reason(scores, evidence)` and `tags(kept)`.
"""

from types import ModuleType

from shuke.insight.profiles.scorers import (
    affinity,
    bgnbd,
    churn,
    content,
    gamma_gamma,
    next_category,
    pareto_nbd,
    price,
    repurchase,
    rfm,
    social,
    stage,
)

BUYING: dict[str, ModuleType] = repurchase.BUYING
MODELS: dict[str, ModuleType] = {**BUYING, gamma_gamma.CODE: gamma_gamma}
# Those that read the same stand together.
LEARNING: tuple[ModuleType, ...] = (price, churn, affinity, next_category, stage, content, social)
SPEAKING: dict[str, ModuleType] = {model.CODE: model for model in (rfm, repurchase, *LEARNING)}
