"""Merchants without rules or stores: the kit knows no business word."""

import itertools
import os
from collections.abc import Awaitable, Callable

import pytest

from shuke.ground import tenancy
from shuke.kit import clock
from shuke.kit.db import Database

_numbers = itertools.count(1)
NewMerchant = Callable[[], Awaitable[int]]


@pytest.fixture
def new_merchant(database: Database) -> NewMerchant:
    """Makes a bare merchant and answers its number."""

    async def create() -> int:
        async with database.directory() as tx:
            slug = f"bare-{next(_numbers)}-{os.getpid()}"
            return await tenancy.create_merchant(tx, slug, slug, "Asia/Shanghai", clock.now())

    return create


@pytest.fixture
async def bare(new_merchant: NewMerchant) -> int:
    """One bare merchant."""
    return await new_merchant()
