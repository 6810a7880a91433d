"""Tenancy: the merchant leads every key of every tenant table, and the database checks it by a policy."""

import ast
import importlib
from functools import cache

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from shuke.kit.db import Model, is_tenant
from tests.house import tree

# Tables outside row-level security, asked before the merchant is known, each with its reason.
DIRECTORY = {
    "api_key": "key hash → merchant",
    "staff": "login → person; one person may work for several merchants",
    "staff_role": "person → merchants and roles",
    "staff_session": "session hash → person and merchant",
    "due": "what is to be done next, over all merchants",
    "merchant": "slug → merchant, and the settings that opening a transaction needs",
    "merchant_head": "locked last by the commit helper, read by the relay over all merchants",
    "mirror_cursor": "how far the mirror came, over all merchants",
    "mirror_lease": "which process copies at present",
    "relay_cursor": "who is behind, over all merchants",
}
VERSIONS = tree.ROOT / "migrations" / "versions"


@cache
def _tables() -> tuple[Table, ...]:
    for module in tree.modules():
        if module.name.rsplit(".", 1)[-1] == "models" or ".models." in module.name:
            importlib.import_module(module.name)
    return tuple(sorted(Model.metadata.tables.values(), key=lambda table: table.name))


def test_every_table_belongs_to_a_merchant_or_is_listed_here() -> None:
    outside = {table.name for table in _tables() if not is_tenant(table)}
    assert outside == set(DIRECTORY), "a table outside row-level security is listed in DIRECTORY with its reason"


def test_the_merchant_comes_first_in_every_key() -> None:
    wrong = []
    for table in filter(is_tenant, _tables()):
        keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
        keys += [index for index in table.indexes if index.unique]
        firsts = [(key.name or "key", next(iter(key.columns)).name) for key in keys]
        wrong += [f"{table.name}: {name} begins with {first}" for name, first in firsts if first != "merchant_id"]
    tree.expect_none(wrong)


def test_foreign_keys_carry_the_merchant() -> None:
    tree.expect_none(
        f"{table.name}: {key.name or key.column_keys} leaves the merchant out"
        for table in filter(is_tenant, _tables())
        for key in table.foreign_key_constraints
        if is_tenant(key.referred_table) and "merchant_id" not in key.column_keys
    )


def test_ids_come_from_the_caller() -> None:
    """No identity or serial columns: they cannot be distributed, and nothing may be ordered by them."""
    tree.expect_none(
        f"{table.name}.{column.name} numbers itself"
        for table in _tables()
        for column in table.columns
        if column.identity is not None or column.autoincrement is True
    )


def _constants(name: str) -> set[str]:
    found: set[str] = set()
    for path in VERSIONS.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                found |= set(ast.literal_eval(node.value))
    return found


def test_every_tenant_table_gets_its_policy_in_a_migration() -> None:
    """A migration lists the tables it puts under row-level security in TENANT_TABLES."""
    tenant = {table.name for table in _tables() if is_tenant(table)}
    guarded = _constants("TENANT_TABLES")
    tree.expect_none(f"{name} has no row-level policy" for name in tenant - guarded)


def test_migrations_are_named_by_when_they_run_and_set_timeouts() -> None:
    wrong = []
    for path in VERSIONS.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not path.stem.endswith(("_pre", "_post")):
            wrong.append(f"{path.name} says neither _pre nor _post (before or after the deploy)")
        wrong += [f"{path.name} sets no {name}" for name in ("lock_timeout", "statement_timeout") if name not in text]
        if "TENANT_TABLES" in text and "policy_statements" not in text:
            wrong.append(f"{path.name} lists tenant tables without their policies")
    tree.expect_none(wrong)
