"""Bringing a database to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from shuke.kit.errors import CannotGoOn, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

ROOT = Path(__file__).resolve().parents[3]


class UnsafeRole(CannotGoOn):
    """The role of SHUKE_DATABASE_URL would bypass row-level security; the text says how to make a fitting one."""


def engine_of(url: str) -> Engine:
    """A SQLAlchemy engine over psycopg for migrations and schema comparisons."""
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)
    )


def config() -> Config:
    """Alembic's configuration, wherever the process was started from."""
    return Config(str(ROOT / "alembic.ini"))


def upgrade(url: str) -> None:
    """Run all migrations that this database has not had; refuses a role that bypasses row security. Repeatable."""
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except OperationalError as error:
        raise Unavailable(f"The database of SHUKE_DATABASE_URL cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    role = connection.execute(
        text("select rolname, rolsuper or rolbypassrls as unsafe from pg_roles where rolname = current_user")
    ).one()
    if role.unsafe:
        raise UnsafeRole(
            f"The role '{role.rolname}' of SHUKE_DATABASE_URL is a superuser or bypasses row-level security. Create one "
            "that is neither and owns the database: create role shuke login password '…'; "
            "create database shuke owner shuke;"
        )
    setup = config()
    setup.attributes["connection"] = connection
    command.upgrade(setup, "head")
