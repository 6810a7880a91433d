"""Merchants, brands and stores: whom everything belongs to."""

from shuke.ground.tenancy.actions import create_merchant, ensure_stores
from shuke.ground.tenancy.queries import MerchantSettings, NoSuchMerchant, find_merchant, get_merchant, list_merchants
from shuke.ground.tenancy.queries import StoreName, list_stores, store_ids

__all__ = [
    "MerchantSettings",
    "NoSuchMerchant",
    "StoreName",
    "create_merchant",
    "ensure_stores",
    "find_merchant",
    "get_merchant",
    "list_merchants",
    "list_stores",
    "store_ids",
]
