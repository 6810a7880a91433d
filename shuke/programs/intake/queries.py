"""What a merchant's items are judged by, kept in memory until the merchant's version moves."""

from collections.abc import Iterable, Mapping
from typing import Any

from shuke.ground import catalog, ingestion, tenancy
from shuke.kit.db import Tx
from shuke.programs import earning, tiers
from shuke.programs.intake.policy import Asks, Context

MOST_PRODUCTS = 50_000
MOST_MEMBERS = 100_000
VERSION = "select rules_version from merchant_head where merchant_id = %(merchant_id)s"


async def context_of(tx: Tx, version: int | None = None) -> Context:
    """The merchant's context, read anew when its version (read in this transaction where given) has moved."""
    if version is None:
        version = await tx.value(VERSION)
    found = remembered(tx)
    if found is not None and found.version == version:
        return found
    assert version is not None
    return await _load(tx, version)


def remembered(tx: Tx) -> Context | None:
    """The context as this process last saw it; whoever uses it proves its version in the same transaction."""
    found: Context | None = tx.memory.get(("intake", tx.merchant_id))
    return found


def remembered_members(tx: Tx, people: Mapping[int, Mapping[str, str]]) -> dict[int, int] | None:
    """Member numbers by item as this process last saw them, None where one is not remembered; to be proved as well."""
    known: dict[Any, int] = tx.memory.get("members", {})
    found = {}
    for index, person in people.items():
        number = known.get((tx.merchant_id, *person.items()))
        if number is None:
            return None
        found[index] = number
    return found


def remember_members(tx: Tx, people: Mapping[int, Mapping[str, str]], member_of: Mapping[int, int]) -> None:
    """Keep who these people were found to be, at most `MOST_MEMBERS` in all."""
    known: dict[Any, int] = tx.memory.setdefault("members", {})
    if len(known) > MOST_MEMBERS:
        known.clear()
    known.update({(tx.merchant_id, *people[index].items()): number for index, number in member_of.items()})


async def know_products(tx: Tx, context: Context, lines: Iterable[ingestion.LineIn]) -> None:
    """Look up the products of lines that do not name themselves; kept as long as the context."""
    asked = {line.sku for line in lines if not (line.category and line.product and line.brand)}
    asked -= context.products.keys()
    if not asked:
        return
    if len(context.products) + len(asked) > MOST_PRODUCTS:
        context.products.clear()
    found = await catalog.products_of(tx, sorted(asked))
    context.products.update({sku: found.get(sku) for sku in asked})


async def _load(tx: Tx, version: int) -> Context:
    merchant = await tenancy.get_merchant(tx)
    rules = await earning.live_rules(tx)
    main = await tiers.main(tx)
    context = Context(
        merchant, version, await tenancy.store_ids(tx), rules, main.levels, asks=Asks.of(rules), terms=main.terms
    )
    tx.memory["intake", tx.merchant_id] = context
    return context
