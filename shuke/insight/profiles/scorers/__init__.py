"""The models, one a file: each fits itself to histories and scores them, vectorised over all members."""

from types import ModuleType

from shuke.insight.profiles.scorers import bgnbd, gamma_gamma, pareto_nbd, price

BUYING: dict[str, ModuleType] = {bgnbd.CODE: bgnbd, pareto_nbd.CODE: pareto_nbd}
MODELS: dict[str, ModuleType] = {**BUYING, gamma_gamma.CODE: gamma_gamma}
PRICE = price
