"""Keeping the copy in step: micro-batches from every merchant's log, repeatable after any crash."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from shuke.ground.mirror.engines.arrow import arrow_table
from shuke.ground.mirror.policy import EVENTS, News, create_table, quote, schema_mark
from shuke.kit import clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from shuke.ground.mirror.policy import Redirect, Registry, Table
    from shuke.ground.mirror.queries import Mirror
    from shuke.kit.db import Database, Tx

LEASE = timedelta(seconds=6)
IDENTITY = "identity"


class Portion(NamedTuple):
    """How much is copied at once: announcements, what they list, and bytes of them as they are stored.

    `listed`: how many bytes are behind one byte of an announcement that only lists what happened, as orders by number.
    """

    news: int
    items: int
    bytes: int
    listed: int = 1


FORMER = ("attributes_by_member", "events_by_member")
"""Tables that earlier versions kept."""
LIVE = Portion(1_000, 10_000, 512 << 10)
_PLACE = """
select h.seq as head, coalesce(c.seq, 0) as seq from merchant_head h
left join mirror_cursor c on c.merchant_id = h.merchant_id where h.merchant_id = %(merchant_id)s
"""
_CURSOR = "(select coalesce(max(c.seq), 0) from mirror_cursor c where c.merchant_id = %(merchant_id)s)"
# As many as fit `bytes`, at least one: an announcement of an import may carry a thousand events. The sizes are read
# without fetching the payloads; `found` tells whether any were left.
_NEWS = f"""
select n.seq, n.at, n.kind, n.payload::text as payload, n.batch_id, n.found from (
    select o.seq, o.at, o.kind, o.payload, o.batch_id, count(*) over () as found,
        sum(z.size) over (order by o.seq) - z.size as before
    from outbox o cross join lateral (
        select pg_column_size(o.payload) * case when o.kind = any(%(listing)s::text[]) then %(listed)s::int else 1 end as size
    ) z where o.merchant_id = %(merchant_id)s and o.kind = any(%(kinds)s::text[])
        and o.seq > coalesce(%(after)s::bigint, {_CURSOR}) and o.seq <= coalesce(%(after)s::bigint, {_CURSOR}) + %(news)s
) n where n.before < %(bytes)s order by n.seq
"""
_ADVANCE = """
insert into mirror_cursor as c (merchant_id, seq, latest_at, marks, applied_at)
select r.merchant_id, r.seq, r.latest_at, r.marks, %(now)s
from json_to_recordset(%(rows)s::json) as r(merchant_id bigint, seq bigint, latest_at timestamptz, marks jsonb)
on conflict (merchant_id) do update set seq = excluded.seq, latest_at = greatest(c.latest_at, excluded.latest_at),
    marks = c.marks || excluded.marks, applied_at = excluded.applied_at
"""
_TAKE_LEASE = """
insert into mirror_lease as l (name, holder, until) values ('copying', %(holder)s, %(until)s)
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where l.holder = excluded.holder or l.until < %(now)s or l.until > %(never)s
"""


class Batch:
    """What one merchant's next announcements add: rows by table, where its cursor will stand, and a member to redirect."""

    def __init__(self, merchant_id: int, after: int, until: int) -> None:
        self.merchant_id = merchant_id
        self.after = after
        self.until = until
        self.tables: dict[str, list[pa.Table]] = defaultdict(list)
        self.redirect: tuple[Redirect, News] | None = None
        self.more = False


async def take_lease(mirror: Mirror, database: Database) -> bool:
    """Whether this process is the one that copies, for the next seconds. The owner of an embedded folder always is."""
    now = clock.now()
    if mirror.leased_until is not None and LEASE / 2 < mirror.leased_until - now <= LEASE:
        return True
    if mirror.holder is None:
        shared = mirror.engine.dialect.shared
        mirror.holder = f"worker-{(await database.ids.fresh(1))[0]}" if shared else "embedded"
    async with database.directory() as tx:
        # Nobody holds it for longer than LEASE: what says so was written by a clock that has gone back since.
        taken = await tx.run(_TAKE_LEASE, holder=mirror.holder, until=now + LEASE, now=now, never=now + 2 * LEASE)
    if not taken:
        mirror.leased_until, mirror.rewound = None, False
        return False
    if mirror.leased_until is None or mirror.leased_until < now:
        mirror.rewound = False
    mirror.leased_until = now + LEASE
    return True


async def copy(mirror: Mirror, database: Database, merchants: Iterable[int]) -> set[int]:
    """Copy the next announcements of these merchants, one insert per table for all of them; who has still more.

    Repeatable: the cursors move after the rows are in, and rows beyond a cursor are removed before anything is added.
    """
    async with mirror.busy:
        if not await take_lease(mirror, database):
            return set()
        async with undisturbed(mirror, database):
            batches = [batch for merchant_id in merchants if (batch := await collect(mirror, database, merchant_id))]
            await store(mirror, database, batches)
    tell(mirror, batches)
    return {batch.merchant_id for batch in batches if batch.more}


@asynccontextmanager
async def undisturbed(mirror: Mirror, database: Database) -> AsyncIterator[None]:
    """Nothing stands beyond the cursors when it begins; a round that does not end is taken back by the next."""
    if not mirror.rewound:
        await begin(mirror, database)
    mirror.rewound = False
    renewing = asyncio.create_task(_renew(mirror, database)) if mirror.engine.dialect.shared else None
    try:
        yield
    finally:
        if renewing is not None:
            renewing.cancel()
    mirror.rewound = True


async def _renew(mirror: Mirror, database: Database) -> None:
    """A portion may take longer than a lease lasts: nobody else is to begin meanwhile."""
    while await take_lease(mirror, database):
        await asyncio.sleep(LEASE.total_seconds() / 4)


async def store(mirror: Mirror, database: Database, batches: Sequence[Batch]) -> None:
    """Rows in, members redirected, cursors moved: in this order."""
    for batch in batches:
        await _in_their_places(mirror, batch)
        await _also_to_heirs(mirror, batch)
    whole = {
        name: pa.concat_tables([part for batch in batches for part in batch.tables.get(name, ())])
        for name in {name for batch in batches for name in batch.tables}
    }
    await mirror.engine.insert(
        [(physical, rows) for name, rows in whole.items() for physical, _ in mirror.registry.tables[name].physical]
    )
    for batch in batches:
        if batch.redirect is not None:
            await _move(mirror, batch.merchant_id, *batch.redirect)
    await _advance(database, batches)


def tell(mirror: Mirror, batches: Sequence[Batch]) -> None:
    """Let the listeners of this process hear of whom something was copied."""
    if not mirror.listeners:
        return
    for batch in batches:
        members, echoed = _members_of(batch, mirror.registry)
        for tell in mirror.listeners:
            tell(batch.merchant_id, members, echoed)
        after, until = mirror.told.get(batch.merchant_id, (-1, -1))
        mirror.told[batch.merchant_id] = (after if until == batch.after else batch.after, batch.until)


def _members_of(batch: Batch, registry: Registry) -> tuple[BitMap, BitMap]:
    """Of whom a batch added rows, or whose rows went to another; and of whom it added only echoes."""
    found, echoed = BitMap(), BitMap()
    echoes = pa.array([event.name for event in registry.events.values() if event.echo], pa.string())
    for name, parts in batch.tables.items():
        for part in parts:
            members = part.column("member")
            if name == EVENTS.name:
                echo = pc.is_in(part.column("kind"), echoes)
                echoed.update(members.filter(echo).to_numpy())
                members = members.filter(pc.invert(echo))
            found.update(members.to_numpy())
    if batch.redirect is not None:
        redirect, one = batch.redirect
        found.update((int(one.payload[redirect.old]), int(one.payload[redirect.new])))
    return found, echoed - found


async def collect(
    mirror: Mirror,
    database: Database,
    merchant_id: int,
    most: Portion | None = None,
    ahead: tuple[int, Callable[[int | None], None]] | None = None,
) -> Batch | None:
    """The next portion behind the cursor; or ahead of its turn, behind where the cursor will stand, telling as soon as may be
    where this one ends (None: with the log), unless it has to be cut."""
    most, after = most or LIVE, ahead[0] if ahead else None
    async with database.read(merchant_id, hot=True) as tx:  # of a large ledger only what was announced is read
        asked = {
            "kinds": mirror.registry.kinds, "listing": mirror.registry.listing, "bytes": most.bytes, "news": most.news,
            "listed": most.listed, "after": after,
        }  # fmt: skip
        places, found = await tx.together((_PLACE, {}), (_NEWS, asked))
        place = await places.fetchone()
        if place is None:
            return None
        begin = place.seq if after is None else after
        if begin >= place.head:
            return None
        until = min(place.head, begin + most.news)
        rows = await found.fetchall()
        batch = Batch(merchant_id, begin, rows[-1].seq if rows and len(rows) < rows[0].found else until)
        if ahead is not None:
            ahead[1](batch.until if batch.until < place.head else None)
        news = _cut(mirror, batch, most.items, await asyncio.to_thread(_read, mirror.registry, rows))
        batch.more = batch.until < place.head
        arrived: list[tuple[Table, Any]] = []
        for source in mirror.registry.sources:
            heard = [one for one in news if one.kind in source.kinds]
            if not heard:
                continue
            made = await source.rows(tx, heard)
            for name, parts in ({source.table: made} if isinstance(source.table, str) else made).items():
                table = mirror.registry.tables[name]
                arrived += [
                    (table, part) for part in (parts if isinstance(parts, list) else [parts]) if len(part["member"])
                ]
    for table, rows in await asyncio.to_thread(_arrow_tables, merchant_id, arrived):
        batch.tables[table.name].append(rows)
    return batch


def _read(registry: Registry, rows: Sequence[Any]) -> list[News]:
    return [News(row.seq, row.at, row.kind, registry.payload(row.kind, row.payload), row.batch_id) for row in rows]


def _arrow_tables(merchant_id: int, arrived: Sequence[tuple[Table, Any]]) -> list[tuple[Table, pa.Table]]:
    """What arrived, as the engine takes it; called in a thread, so that callers in the same process are answered meanwhile."""
    return [(table, arrow_table(table, merchant_id, columns)) for table, columns in arrived]


def _cut(mirror: Mirror, batch: Batch, most: int, news: Sequence[News]) -> Sequence[News]:
    """As many announcements as fit one batch; a redirect is the last of its batch."""
    redirects = {redirect.kind: redirect for redirect in mirror.registry.redirects}
    items = 0
    for n, one in enumerate(news):
        values = one.payload if isinstance(one.payload, dict) else msgspec.structs.asdict(one.payload)
        items += 1 + sum(len(value) for value in values.values() if isinstance(value, list))
        if one.kind in redirects:
            batch.redirect = (redirects[one.kind], one)
        if batch.redirect is not None or items >= most:
            batch.until = one.seq
            return news[: n + 1]
    return news


async def _in_their_places(mirror: Mirror, batch: Batch) -> None:
    """What becomes of a thing, as an order by its refunds, stands in the log where the thing itself stood."""
    for name, parts in batch.tables.items():
        if not mirror.registry.tables[name].signed:
            continue
        for n, part in enumerate(parts):
            late = part.filter(pc.equal(part["place"], 0))
            if len(late):
                places = await _places_of(mirror, batch, name, late)
                found = [place or places.get(seq, 0) for seq, place in _pairs(part, "place")]
                parts[n] = _with(part, "place", found)


async def _places_of(mirror: Mirror, batch: Batch, name: str, late: pa.Table) -> dict[int, int]:
    """Where these things stand, by number: told in the same portion, or copied before."""
    wanted = pc.unique(late["seq"])
    known: dict[int, int] = {}
    for part in batch.tables[name]:
        known |= dict(
            _pairs(part.filter(pc.and_(pc.is_in(part["seq"], wanted), pc.greater(part["place"], 0))), "place")
        )
    others = late.filter(pc.invert(pc.is_in(late["seq"], pa.array(list(known), late["seq"].type))))
    if len(others):
        members, seqs = (", ".join(map(str, sorted(set(others[column].to_pylist())))) for column in ("member", "seq"))
        known |= dict(
            await mirror.engine.rows(
                f"SELECT seq, max(place) FROM {name} WHERE merchant = {batch.merchant_id} AND member IN ({members}) "
                f"AND seq IN ({seqs}) GROUP BY seq"
            )
        )
    return known


async def _also_to_heirs(mirror: Mirror, batch: Batch) -> None:
    """What is taken back of a merged member's rows, as by the refund of an older order, is taken back of the copies too."""
    for name, parts in batch.tables.items():
        table = mirror.registry.tables[name]
        if not (table.signed and table.moves):
            continue
        taken = [part.filter(pc.less(part["sign"], 0)) for part in parts]
        members = {member for part in taken for member in part["member"].to_pylist()}
        if not members:
            continue
        mine = f"merchant = {batch.merchant_id}"
        gone = await mirror.engine.rows(
            f"SELECT member FROM members WHERE {mine} AND member IN ({', '.join(map(str, sorted(members)))}) "
            "GROUP BY member HAVING argMax(gone, seq) = 1"
        )
        olds = {member for (member,) in gone}
        seqs = {seq for part in taken for seq, member in _pairs(part, "member") if member in olds}
        if not seqs:
            continue
        held = await mirror.engine.rows(
            f"SELECT DISTINCT member, seq FROM {name} WHERE {mine} AND seq IN ({', '.join(map(str, sorted(seqs)))})"
        )
        parts += [copied for part in list(parts) for member, seq in held if len(copied := _copied(part, member, seq))]


def _pairs(part: pa.Table, column: str) -> list[tuple[int, int]]:
    return list(zip(part["seq"].to_pylist(), part[column].to_pylist(), strict=True))


def _with(rows: pa.Table, column: str, values: list[int]) -> pa.Table:
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))


def _copied(part: pa.Table, member: int, seq: int) -> pa.Table:
    """The rows with that number of anybody else, as this member's."""
    rows = part.filter(pc.and_(pc.equal(part["seq"], seq), pc.not_equal(part["member"], member)))
    return _with(rows, "member", [member] * len(rows))


async def _move(mirror: Mirror, merchant_id: int, redirect: Redirect, one: News) -> None:
    """Copy one member's rows to another; the old number leaves the population, so its rows count for nobody.

    `back`: take the copies away again; they have the number and place of the old member's own rows, but came in later. What is
    signed has one number for one member's order, so that all rows with it are copies.
    """
    old, new = int(one.payload[redirect.old]), int(one.payload[redirect.new])
    for table in mirror.registry.tables.values():
        if not table.moves:
            continue
        columns = ", ".join(column.name for column in table.columns)
        for name, _ in table.physical:
            if redirect.back:
                own = f"FROM {name} WHERE merchant = {merchant_id} AND member = {old}"
                later = "" if table.signed else f"AND (seq, idx, applied) NOT IN (SELECT seq, idx, applied {own})"
                copies = f"member = {new} AND (seq, idx) IN (SELECT seq, idx {own}) {later}"
                await mirror.engine.delete(name, f"merchant = {merchant_id} AND {copies}")
                continue
            await mirror.engine.command(
                f"INSERT INTO {name} (merchant, member, seq, idx, applied, {columns}) "
                f"SELECT merchant, {new}, seq, idx, {one.seq}, {columns} FROM {name} "
                f"WHERE merchant = {merchant_id} AND member = {old}"
            )


async def _advance(database: Database, batches: Sequence[Batch]) -> None:
    if not batches:
        return
    rows = [
        {"merchant_id": batch.merchant_id, "seq": batch.until, "latest_at": _latest(batch),
         "marks": dict.fromkeys(batch.tables, batch.until)}
        for batch in batches
    ]  # fmt: skip
    async with database.directory() as tx:
        await tx.run(_ADVANCE, rows=msgspec.json.encode(rows).decode(), now=clock.now())


def _latest(batch: Batch) -> Any:
    found = [
        pc.max(part.column(name)).as_py()
        for parts in batch.tables.values()
        for part in parts
        for name in ("at", "effective_at", "joined_at")
        if name in part.column_names
    ]
    return max(found, default=None)


async def begin(mirror: Mirror, database: Database) -> None:
    """Make sure of the tables, and take away what was added beyond the cursors by a round that did not end."""
    await _recognise(mirror, database)
    names = [name for table in mirror.registry.tables.values() for name, _ in table.physical]
    latest = {
        name: await mirror.engine.rows(f"SELECT merchant, max(applied) FROM {name} GROUP BY merchant") for name in names
    }
    async with database.directory() as tx:
        cursors = {row.merchant_id: row.seq for row in await tx.rows("select merchant_id, seq from mirror_cursor")}
    for name, found in latest.items():
        places = {merchant_id: cursors.get(merchant_id, 0) for merchant_id, _ in found}
        await forget(mirror, name, {number: places[number] for number, applied in found if applied > places[number]})


async def _recognise(mirror: Mirror, database: Database) -> None:
    """Start from nothing when the engine's folder is new, or its tables are those of another version."""
    await mirror.engine.command(
        f"CREATE TABLE IF NOT EXISTS mirror_mark (mark String) ENGINE = {mirror.engine.dialect.table_engine} ORDER BY mark"
    )
    marks = [mark for (mark,) in await mirror.engine.rows("SELECT mark FROM mirror_mark")]
    schema = schema_mark(mirror.registry)
    async with database.directory() as tx:
        known = await tx.value("select holder from mirror_lease where name = %(name)s", name=IDENTITY)
    if marks and marks[0] == known and known.endswith(schema):
        return
    await _drop(mirror)
    mark = f"{(await database.ids.fresh(1))[0]}:{schema}"
    async with database.directory() as tx:
        await tx.run("update mirror_cursor set seq = 0, latest_at = null, marks = '{}'")
        await tx.run(
            "insert into mirror_lease as l (name, holder, until) values (%(name)s, %(mark)s, %(now)s) "
            "on conflict (name) do update set holder = excluded.holder, until = excluded.until",
            name=IDENTITY, mark=mark, now=clock.now(),
        )  # fmt: skip
    await mirror.engine.command(f"INSERT INTO mirror_mark VALUES ({quote(mark)})")


async def _drop(mirror: Mirror) -> None:
    for table in mirror.registry.tables.values():
        for name, order in table.physical:
            await mirror.engine.command(f"DROP TABLE IF EXISTS {name}")
            await mirror.engine.command(create_table(table, name, order, mirror.engine.dialect.table_engine))
    for name in FORMER:
        await mirror.engine.command(f"DROP TABLE IF EXISTS {name}")
    await mirror.engine.command("TRUNCATE TABLE mirror_mark")


async def forget(mirror: Mirror, name: str, after: Mapping[int, int]) -> None:
    """Take away what each of these merchants has in one physical table beyond a place; one deletion for all of them."""
    merchants = defaultdict(list)
    for merchant_id, place in after.items():
        merchants[place].append(str(merchant_id))
    beyond = [f"applied > {place} AND merchant IN ({', '.join(many)})" for place, many in sorted(merchants.items())]
    if beyond:
        await mirror.engine.delete(name, " OR ".join(beyond))


async def behind(tx: Tx) -> list[int]:
    """Merchants whose log goes further than their copy; asked of the directory."""
    rows = await tx.rows(
        "select h.merchant_id from merchant_head h left join mirror_cursor c on c.merchant_id = h.merchant_id "
        "where h.seq > coalesce(c.seq, 0) order by h.merchant_id"
    )
    return [row.merchant_id for row in rows]
