"""PostgreSQL: transactions bound to one merchant, set-based statements, and the commit helper that orders everything."""

from psycopg.errors import DataError

from shuke.kit.db.bell import Bell
from shuke.kit.db.columnar import Kind, Texts
from shuke.kit.db.database import IN_THE_WAY, Database, MerchantGone
from shuke.kit.db.schema import JSON, Model, instant, is_tenant, part_of_key, policy_statements
from shuke.kit.db.tx import AHEAD, Tx

__all__ = [
    "AHEAD",
    "IN_THE_WAY",
    "JSON",
    "Bell",
    "DataError",
    "Database",
    "Kind",
    "MerchantGone",
    "Model",
    "Texts",
    "Tx",
    "instant",
    "is_tenant",
    "part_of_key",
    "policy_statements",
]
