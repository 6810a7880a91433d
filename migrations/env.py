"""Runs the migrations over one connection that `shuke migrate` (or a test) hands in."""

import importlib
import pkgutil

from alembic import context

import shuke
from shuke.kit.db import Model


def gather() -> None:
    """Import every room's tables, so that `Model.metadata` is complete."""
    for found in pkgutil.walk_packages(shuke.__path__, "shuke."):
        if found.name.count(".") == 3 and found.name.endswith(".models"):
            importlib.import_module(found.name)


def ours(_object: object, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Tables of the job queue belong to its library and are left to it."""
    return not (kind == "table" and reflected and (name or "").startswith("procrastinate"))


gather()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    include_object=ours,
    compare_server_default=False,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
