"""One digest a day over a merchant's hash chain: who keeps it outside can prove that nothing older was changed."""

from shuke.assets.digests.actions import make_digests
from shuke.assets.digests.queries import Compared, DigestShape, NothingToCompare, compare, digests

__all__ = ["Compared", "DigestShape", "NothingToCompare", "compare", "digests", "make_digests"]
