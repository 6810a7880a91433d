"""Passwords: argon2id, computed in a thread so that nobody else waits."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shuke.kit import errors

SHORTEST, LONGEST = 8, 128
# OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_turnstile = asyncio.Semaphore(2)
_EASY = "abcdefghjkmnpqrstuvwxyz23456789"


class WeakPassword(errors.Refused):
    """A password needs {shortest} to {longest} characters."""

    code = "weak_password"
    http_status = 422
    zh = "密码需要 {shortest} 到 {longest} 个字符。"
    cure = "Choose a longer one; a short sentence is easy to remember."
    cure_zh = "换一个长一点的，一句短语就很好记。"


async def hash_password(password: str) -> str:
    """The hash to store; refuses what is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(field="password", shortest=SHORTEST, longest=LONGEST)
    async with _turnstile:
        return await asyncio.to_thread(_hasher.hash, password)


async def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes as long for an unknown person as for a known one."""
    async with _turnstile:
        return await asyncio.to_thread(_verify, password_hash, password[: LONGEST * 4])


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def suggest_password() -> str:
    """A password that can be read out on the telephone: three groups of four."""
    return "-".join("".join(secrets.choice(_EASY) for _ in range(4)) for _ in range(3))
