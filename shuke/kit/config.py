"""The settings of an installation, read once from the environment."""

import os
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from shuke.kit import errors


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation is told from outside; unset means embedded and local.

    `SHUKE_HOME` the data folder · `SHUKE_DATABASE_URL` own PostgreSQL · `SHUKE_MIRROR_URL` own ClickHouse ·
    `SHUKE_HOST`, `SHUKE_PORT` where the one process listens · `SHUKE_SECURE_COOKIES` 1 behind https ·
    `SHUKE_WEBHOOK_NETWORKS` networks of the house, separated by commas, that webhooks may reach, also by http.
    """

    home: Path
    database_url: str | None
    mirror_url: str | None
    host: str
    port: int
    secure_cookies: bool
    webhook_networks: tuple[str, ...] = ()

    @property
    def embedded_database(self) -> bool:
        return self.database_url is None

    @property
    def embedded_mirror(self) -> bool:
        return self.mirror_url is None


class BadSetting(errors.CannotGoOn):
    """A setting that cannot be used; the text names it and the cure."""


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read the settings; raises `BadSetting` with a sentence for the person who set them."""
    env = dict(os.environ if environ is None else environ)
    port_text = env.get("SHUKE_PORT") or "8088"
    if not port_text.isdigit() or not 0 < int(port_text) < 65536:
        raise BadSetting(f"SHUKE_PORT is '{port_text}': give a port between 1 and 65535.")
    return Settings(
        webhook_networks=_networks(env.get("SHUKE_WEBHOOK_NETWORKS", "")),
        home=Path(env.get("SHUKE_HOME") or _default_home()).expanduser().absolute(),
        database_url=env.get("SHUKE_DATABASE_URL") or None,
        mirror_url=env.get("SHUKE_MIRROR_URL") or None,
        host=env.get("SHUKE_HOST") or "127.0.0.1",
        port=int(port_text),
        secure_cookies=env.get("SHUKE_SECURE_COOKIES", "") in {"1", "true", "yes"},
    )


def _networks(text: str) -> tuple[str, ...]:
    listed = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in listed:
        try:
            ip_network(one)
        except ValueError as error:
            raise BadSetting(f"SHUKE_WEBHOOK_NETWORKS names '{one}': write networks like 10.0.0.0/8.") from error
    return listed


def _default_home() -> Path:
    """~/.shuke; for root /var/lib/shuke, since the database runs as another account that cannot enter /root."""
    return Path("/var/lib/shuke") if os.geteuid() == 0 else Path.home() / ".shuke"
