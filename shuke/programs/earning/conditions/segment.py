"""The member belongs to one of these segments."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shuke.kit import references
from shuke.kit.db import Tx
from shuke.kit.kinds import Sentence
from shuke.programs.earning.policy import Basis, asked


class Segments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The short names of the segments; at least one. With `outside` only who is in none of them."""

    segments: Annotated[list[str], asked("分群", "Segments", widget="segment"), Meta(min_length=1)]
    outside: Annotated[bool, asked("改为不在这些分群里的会员", "Only who is in none of them")] = False


class InSegment:
    """Only for members of these segments, as last refreshed before the order was recorded."""

    code: ClassVar[str] = "segment"
    name: ClassVar[Sentence] = Sentence("限分群", "For segments")
    Params: ClassVar[type[msgspec.Struct]] = Segments
    needs: ClassVar[frozenset[str]] = frozenset({"segments"})

    def holds(self, params: Segments, basis: Basis) -> bool:
        """Whether the member is in one of them (or, outside, in none)."""
        return basis.known.segments.isdisjoint(params.segments) == params.outside

    def sentence(self, params: Segments) -> Sentence:
        """The condition in words."""
        named = "、".join(params.segments), ", ".join(params.segments)
        if params.outside:
            return Sentence(f"仅限不在分群 {named[0]} 的会员", f"only for members outside {named[1]}")
        return Sentence(f"仅限分群 {named[0]} 的会员", f"only for members of {named[1]}")


_USING = """
select w.slug, r.rule_id, r.name from unnest(%(slugs)s::text[], %(asked)s::text[]) as w(slug, asked)
cross join earning_rule r where r.merchant_id = %(merchant_id)s and r.state <> 'ended' and exists (
    select from earning_rule_version v where v.merchant_id = %(merchant_id)s and v.rule_id = r.rule_id
      and v.conditions @> w.asked::jsonb and (v.version = 0 or v.version = (
        select max(n.version) from earning_rule_version n
        where n.merchant_id = %(merchant_id)s and n.rule_id = r.rule_id and not n.pause))
) order by r.priority, r.rule_id
"""


async def using_segments(tx: Tx, slugs: Sequence[str]) -> list[tuple[str, references.Use]]:
    """Rules that have not ended and ask for one of these segments, in their draft or as last published, with the segment; so
    that deleting it can refuse."""
    asked = [msgspec.json.encode([{"kind": InSegment.code, "params": {"segments": [slug]}}]).decode() for slug in slugs]
    rows = await tx.rows(_USING, slugs=list(slugs), asked=asked)
    return [(row.slug, references.Use("rule", str(row.rule_id), row.name)) for row in rows]
