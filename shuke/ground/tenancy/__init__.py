"""Merchants, brands and stores: whom everything belongs to."""

from shuke.ground.tenancy.actions import (
    BadSlug, BadZone, SlugTaken, StoreTaken, activate, change_merchant, change_store, create_merchant, create_store,
    drop_unfinished, ensure_stores, tell_processes,
)  # fmt: skip
from shuke.ground.tenancy.queries import (
    MerchantSettings,
    NoSuchMerchant,
    NoSuchStore,
    StoreName,
    StorePlace,
    born_at,
    find_merchant,
    get_merchant,
    get_place,
    list_merchants,
    list_places,
    list_stores,
    open_among,
    store_ids,
    store_names,
)

__all__ = [
    "BadSlug", "BadZone", "MerchantSettings", "NoSuchMerchant", "NoSuchStore", "SlugTaken", "StoreName", "StorePlace",
    "StoreTaken", "activate", "born_at", "change_merchant", "change_store", "create_merchant", "create_store", "drop_unfinished",
    "ensure_stores", "find_merchant",
    "get_merchant", "get_place", "list_merchants", "list_places", "list_stores", "open_among", "store_ids", "store_names",
    "tell_processes",
]  # fmt: skip
