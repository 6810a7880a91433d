"""The order was placed in one of these stores."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis


class Stores(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The codes of the stores; at least one."""

    stores: Annotated[list[str], Meta(min_length=1, title="Stores", extra_json_schema={"x-zh": "门店"})]


class InStore:
    """Only in these stores."""

    code: ClassVar[str] = "store"
    name: ClassVar[Sentence] = Sentence("限门店", "Only in these stores")
    Params: ClassVar[type[msgspec.Struct]] = Stores

    def holds(self, params: Stores, basis: Basis) -> bool:
        """Whether the order's store is one of them."""
        return basis.store in params.stores

    def sentence(self, params: Stores) -> Sentence:
        """The condition in words."""
        return Sentence("仅限门店 " + "、".join(params.stores), "only in " + ", ".join(params.stores))
