"""What a rule speaks of beside facts: other segments and lists, with their rules and members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuke.ground import mirror
from shuke.insight import grammar
from shuke.insight.segments.queries import catalog, lists
from shuke.kit import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shuke.insight.grammar import Known, Node
    from shuke.kit.db import Tx


async def nested(tx: Tx, trees: Iterable[Node]) -> dict[str, Node]:
    """The rules of all segments that the trees speak of, directly or through others; refuses unknown ones and circles."""
    if not any(grammar.segments_of(tree) for tree in trees):
        return {}
    rows = {row.slug: row for row in await catalog.stored(tx)}
    found: dict[str, Node] = {}
    path: list[str] = []

    def follow(tree: Node) -> None:
        for leaf in grammar.all_leaves(tree):
            if leaf.kind != "segment" or leaf.params in found:
                continue
            slug = leaf.params
            if slug in path:
                circle = " → ".join([*path[path.index(slug) :], slug])
                raise grammar.BadRule(
                    leaf.path, f"分群互相引用：{circle}。", f"Segments form a circle: {circle}.", "circle"
                )
            if slug not in rows:
                raise grammar.BadRule(
                    leaf.path, f"没有分群「{slug}」。", f'There is no segment "{slug}".', "unknown_segment"
                )
            path.append(slug)
            inner = grammar.parse(rows[slug].rule, mirror.declared())
            follow(inner)
            path.pop()
            found[slug] = inner

    for tree in trees:
        follow(tree)
    return found


async def known_of(tx: Tx, trees: Sequence[Node]) -> Known:
    """The segments and lists that the trees speak of; refuses unknown ones and circles."""
    inside = await nested(tx, trees)
    named = {slug: leaf for tree in (*trees, *inside.values()) for leaf in grammar.all_leaves(tree)
             if leaf.kind == "list" for slug in (leaf.params,)}  # fmt: skip
    found = await lists.bitmaps(tx, named)
    for slug, leaf in named.items():
        if slug not in found:
            raise grammar.BadRule(leaf.path, f"没有名单「{slug}」。", f'There is no list "{slug}".', "unknown_list")
    await _refuse_strangers(tx, trees)
    await _refuse_unknown_tags(tx, trees)
    return grammar.Known(inside, found)


async def _refuse_unknown_tags(tx: Tx, trees: Iterable[Node]) -> None:
    """A tag that a rule asks for is there, live or archived."""
    asked = [one for tree in trees for one in grammar.tags_of(tree)]
    there = await references.all_of(tx, "tag") if asked else None
    for path, slug in asked:
        if there is not None and slug not in there:
            raise grammar.unknown_tag(path, slug, there)


async def _refuse_strangers(tx: Tx, trees: Iterable[Node]) -> None:
    """What one could have for points is there; its price is known when the rule is asked."""
    named = [one for tree in trees for one in grammar.offers_of(tree)]
    there = sorted(await references.prices(tx, "offer")) if named else []
    for path, slug in named:
        if slug not in there:
            listed = ", ".join(there[:20])
            zh = f"没有积分抵现「{slug}」" + (f"，现有：{listed}。" if there else "，请先在积分抵现里新建。")
            en = f'There is no offer "{slug}"' + (f"; there are: {listed}." if there else "; make one first.")
            raise grammar.BadRule(path, zh, en, "unknown_offer")


async def stored_edges(tx: Tx) -> dict[str, float | None]:
    """The edges of rankings as membership follows them, by leaf."""
    rows = await tx.rows("select leaf, edge from segment_edge where merchant_id = %(merchant_id)s")
    return {row.leaf: row.edge for row in rows}
