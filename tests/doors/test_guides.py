"""The guide for integrators does what it says: every example is sent, in both languages, and answers word for word."""

import json
import re
from datetime import datetime
from typing import Any

import httpx
import pytest

from shuke.ground import access
from shuke.kit import clock
from shuke.kit.db import Database
from tests.house import tree

NOW = datetime.fromisoformat("2026-11-21T10:05:00+08:00")
GUIDES = ("docs/guides/integrator.md", "docs/guides/integrator.zh.md")
EXAMPLE = re.compile(
    r"<!-- example -->\n```http\nPOST (?P<path>\S+)\n\n(?P<body>.+?)\n```\n\n→ (?P<status>\d{3})\n\n```json\n(?P<answer>.+?)\n```",
    re.DOTALL,
)


def examples(guide: str) -> list[re.Match[str]]:
    """The examples of a guide, in their order: what is sent, and what is answered."""
    text = (tree.ROOT / guide).read_text(encoding="utf-8")
    found = list(EXAMPLE.finditer(text))
    assert len(found) == text.count("<!-- example -->"), "every example has its answer"
    return found


@pytest.mark.parametrize("guide", GUIDES)
async def test_the_examples_of_the_guide_run(
    client: httpx.AsyncClient, database: Database, merchant_id: int, guide: str
) -> None:
    async with database.write(merchant_id) as tx:
        _, secret = await access.create_key(tx, "对接", ["ingest", "members"], NOW)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for example in examples(guide):
        with clock.at(NOW):
            answer = await client.post(example["path"], content=example["body"].encode(), headers=headers)
        assert (answer.status_code, answer.json()) == (int(example["status"]), json.loads(example["answer"]))


def test_both_languages_show_the_same_examples() -> None:
    english, chinese = ([_plain(example) for example in examples(guide)] for guide in GUIDES)
    assert english == chinese


def _plain(example: re.Match[str]) -> dict[str, Any]:
    return example.groupdict()
