"""What a merchant finds ready-made has an English name on the console."""

import re
from collections.abc import Iterator

from shuke.doors.demo import happenings, luck, programme, shop
from shuke.insight import lifecycle
from shuke.outreach.journeys.actions.examples import EXAMPLES
from shuke.outreach.playbooks import BOOKS
from tests.house import tree

READY = tree.ROOT / "web" / "console" / "src" / "words" / "ready.ts"
CHINESE = re.compile("[一-鿿]")


def _ready_made() -> Iterator[str]:
    for segment in (*lifecycle.STAGES, *shop.SEGMENTS, *(example.segment for example in EXAMPLES.values())):
        yield from (segment.name, segment.description)
    for example in EXAMPLES.values():
        yield from (example.name.zh, example.offer.name)
    for book in BOOKS.values():
        yield from (one.name for one in book.levels)
        yield from (one.name.zh for one in (*book.rules, *book.missions, *book.segments, *book.journeys))
        yield from (one.description.zh for one in book.segments)
        yield from (text.zh for one in book.tags for text in (one.name, one.description) if text)
        yield from (one.offer[1].name for one in book.journeys if one.offer)
    yield from (programme.VISITS.name, *(level.name for level in programme.VISITS.levels))
    yield shop.RULE.name
    yield from (rule.draft.name for rule in programme.RULES)
    yield from (happenings.DRAFT, luck.MISSION.name, luck.LOTTERY)
    made = [module.text for module in tree.modules() if "async def install_first_" in module.text]
    assert len(made) == 2  # the first rule and the first tier are named where they are made
    for source in made:
        yield from re.findall(r'(?:name=|"name": )"([^"]*[一-鿿][^"]*)"', source)


def test_every_ready_made_name_has_an_english_one() -> None:
    pairs = {
        quoted or bare: english
        for quoted, bare, english in re.findall(
            r'^  (?:"([^"]+)"|([^\s:"]+)): "([^"]+)",$', READY.read_text("utf-8"), re.M
        )
    }
    wanted = set(_ready_made())
    assert {"沉睡会员", "消费送积分", "普通会员"} <= wanted
    tree.expect_none(name for name in wanted if not pairs.get(name) or CHINESE.search(pairs[name]))
