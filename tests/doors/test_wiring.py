"""The map of who hears what: every line once, every kind of work known to the queue, a newborn merchant planned."""

from collections import Counter

from shuke.doors import wiring
from shuke.kit import jobs
from shuke.kit.db import Database
from shuke.kit.events import Event


def test_every_line_stands_once() -> None:
    lines = [*wiring.REACTIONS, *wiring.ON_FLIPS]
    pairs = Counter((event.__name__, reaction.__module__, reaction.__name__) for event, reaction in lines)
    assert [pair for pair, count in pairs.items() if count > 1] == []
    kinds = Counter(work.kind for work in wiring.WORKS)
    assert [kind for kind, count in kinds.items() if count > 1] == []


def test_announcements_have_names_of_their_own() -> None:
    tags = Counter(event.__struct_config__.tag for event in _all_events(Event))
    assert [tag for tag, count in tags.items() if count > 1] == []
    heard = Counter(event for reader in wiring.READERS for event in reader.reactions)
    assert set(heard) == {event for event, _ in [*wiring.REACTIONS, *wiring.ON_FLIPS]}
    assert set(heard.values()) == {1}, "what is done about one kind keeps its order: one reader hears it"


def _all_events(parent: type[Event]) -> list[type[Event]]:
    found = [child for child in parent.__subclasses__() if child.__module__.startswith("shuke.")]
    return found + [event for child in found for event in _all_events(child)]


async def test_a_merchant_is_planned_at_its_birth(database: Database, merchant_id: int) -> None:
    async with database.directory() as tx:
        rows = await tx.rows("select kind from due where merchant_id = %(m)s", m=merchant_id)
    assert {row.kind for row in rows} == {work.kind for work in wiring.WORKS if work.recurring}


async def test_the_queue_knows_all_work(database: Database) -> None:
    queue = jobs.Jobs(database)
    jobs.register(queue, wiring.WORKS)
    assert set(queue.app.tasks) >= {work.kind for work in wiring.WORKS}
