"""Tags on the console: the manager, its map and combinations, changes with undo, files, and the tags of one member."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from shuke.ground import access, members
from shuke.insight import profiles, segments
from shuke.insight.tags import actions, policy
from shuke.insight.tags.actions.shaping import TagShape
from shuke.insight.tags.queries import catalog, wearing
from shuke.kit import clock, durations, errors, http, paging, references
from shuke.kit.db import Database, Tx
from shuke.kit.http import Caller

NOT_YET = profiles.Words("模型还没有算过。", "The model was not fitted yet.")
READ = [http.requires("members.read")]
WRITE = [http.requires("tags.write")]
SHAPING = http.declares(
    policy.BadTagName, actions.TagTaken, actions.ExclusiveRule, actions.RuleCircle, actions.NotExclusive,
    actions.NoSuchScore, actions.TwoDeciders, catalog.NoSuchTag, catalog.NoSuchGroup, segments.NoSuchSegment, durations.BadDuration,
)  # fmt: skip


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    """A group to make."""

    name: str
    name_en: str = ""
    exclusive: bool = False


class ChangedGroup(msgspec.Struct, forbid_unknown_fields=True):
    """What to change of a group; what is left out stays."""

    name: str | None = None
    name_en: str | None = None
    exclusive: bool | None = None


class MergeInto(msgspec.Struct, forbid_unknown_fields=True):
    """The tag that stays."""

    into: str


class TagShown(catalog.Tag, frozen=True, kw_only=True):
    """A tag in the manager: with the rule that decides it, and what asks for it."""

    rule: catalog.Rule | None
    used_by: list[references.Use]


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """All tags, the most worn first, and their groups."""

    items: list[TagShown]
    groups: list[catalog.Group]


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """How tags go together: pairs with their members, and the combined tags that most members wear."""

    cells: list[wearing.Cell]
    combinations: list[wearing.Combination]


class ModelTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag that may follow a score: its ready threshold, the tag that does follow it, and why its model is silent."""

    ready: profiles.ReadyTag
    tag: catalog.Tag | None
    silent: profiles.Words | None


class Follows(msgspec.Struct, forbid_unknown_fields=True):
    """A ready-made model tag to use, by its code, and the threshold."""

    code: str
    value: float


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """How many members a threshold would give the tag to, and how the score is spread over all who have it."""

    members: int
    standing: profiles.Standing


class MemberTags(msgspec.Struct, frozen=True, kw_only=True):
    """What one member wears, what happened to it, and what the models say that decide some of it."""

    tags: list[wearing.Worn]
    said: dict[str, profiles.Words]
    history: list[wearing.Change]


class TagFile(msgspec.Struct):
    """A file of members and tags; `create` makes unknown tags, `dry` only judges."""

    file: UploadFile
    create: bool = False
    dry: bool = False


class Unreadable(errors.Refused):
    """The file is no CSV in UTF-8 or GBK."""

    code = "unreadable_csv"
    http_status = 422
    zh = "文件不是 UTF-8 或 GBK 编码的 CSV。"
    cure = "Save it as CSV from your spreadsheet and send it again."
    cure_zh = "请在表格软件里另存为 CSV 再上传。"


@get("/tags", guards=READ)
async def list_tags(database: Database, caller: Caller) -> Catalog:
    """All tags with their groups, sizes, rules and users."""
    async with database.read(caller.merchant_id) as tx:
        return await _catalog(tx)


async def _catalog(tx: Tx) -> Catalog:
    listed = await segments.list_segments(tx)
    rules = {one.slug: catalog.Rule(one.slug, one.name, one.sentence.zh, one.sentence.en) for one in listed}
    items = []
    for tag in await catalog.list_tags(tx):
        users = [references.Use("segment", one.slug, one.name) for one in listed if policy.mentions(one.rule, tag.slug)]
        rule = rules.get(tag.segment) if tag.segment else None
        items.append(TagShown(**msgspec.structs.asdict(tag), rule=rule, used_by=users))
    return Catalog(items=items, groups=await catalog.list_groups(tx))


@get("/tags/english", guards=READ)
async def english_names(database: Database, caller: Caller) -> dict[str, str]:
    """The English names that tags and groups were given, by their own names."""
    async with database.read(caller.merchant_id) as tx:
        return await catalog.english(tx)


@get("/tags/together", guards=READ)
async def together(database: Database, caller: Caller) -> Together:
    """How many members wear each pair of tags, and the combined tags by size."""
    now = clock.now()
    async with database.read(caller.merchant_id) as tx:
        return Together(cells=await wearing.together(tx, now), combinations=await wearing.combinations(tx, now))


@get("/tags/combination", guards=READ, responses=http.declares(catalog.NoSuchTag))
async def combination(database: Database, caller: Caller, tags: str) -> wearing.Combination:
    """How many members wear all of these tags (slugs with commas), written as one combined tag."""
    wanted = list(dict.fromkeys(slug for slug in tags.split(",") if slug))[:10]
    async with database.read(caller.merchant_id) as tx:
        found = await catalog.by_slug(tx, wanted, field="tags")
        return await wearing.combined(tx, wanted, [found[slug].name for slug in wanted], clock.now())


@post("/tags", guards=WRITE, responses=SHAPING)
async def new_tag(data: TagShape, database: Database, caller: Caller) -> catalog.Tag:
    """Make a tag; with a segment it is a rule tag and comes to the segment's members by itself."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.create_tag(tx, data, now, caller.name)
        await access.record(tx, caller, "tag.created", ("tag", made.name), after=_told(made), at=now)
    return made


@patch("/tags/{tag:str}", guards=WRITE, responses=SHAPING)
async def change_tag(tag: str, data: TagShape, database: Database, caller: Caller) -> catalog.Tag:
    """Rename, describe, move, bind, archive or bring back a tag; nobody loses it."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await catalog.get_tag(tx, tag)
        after = await actions.edit_tag(tx, tag, data, now)
        await access.record(
            tx, caller, "tag.changed", ("tag", after.name), before=_told(before), after=_told(after), at=now
        )
    return after


def _told(tag: catalog.Tag) -> dict[str, Any]:
    return {
        "name": tag.name, "name_en": tag.name_en, "group": tag.group, "segment": tag.segment,
        "valid_for": tag.valid_for, "state": tag.state,
        "follows": None if tag.follows is None else msgspec.to_builtins(tag.follows),
        "description": tag.description,
    }  # fmt: skip


@delete("/tags/{tag:str}", guards=WRITE, status_code=200, responses=http.declares(catalog.NoSuchTag, actions.TagInUse))
async def remove_tag(tag: str, database: Database, caller: Caller) -> actions.Done:
    """Take a tag off everybody and out of the list; can be undone. Refused with the list while something asks for it."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await catalog.get_tag(tx, tag)
        cause = policy.Cause(verb="delete_tag", source="console", by=caller.name)
        done = await actions.delete_tag(tx, tag, cause, now)
        await access.record(tx, caller, "tag.deleted", ("tag", before.name), before=_told(before), at=now)
    return done


@post(
    "/tags/{tag:str}/merge",
    guards=WRITE,
    status_code=200,
    responses=http.declares(catalog.NoSuchTag, actions.SameTag, actions.TagInUse, actions.RuleTag, actions.TagArchived),
)
async def merge_tags(tag: str, data: MergeInto, database: Database, caller: Caller) -> actions.Done:
    """Whoever wears this tag wears the other one from now on; can be undone."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        old, heir = await catalog.get_tag(tx, tag), await catalog.get_tag(tx, data.into)
        cause = policy.Cause(verb="merge_tags", source="console", by=caller.name, reason=f"{old.name} → {heir.name}")
        done = await actions.merge_tags(tx, tag, data.into, cause, now)
        await access.record(tx, caller, "tag.merged", ("tag", old.name), after={"into": heir.name}, at=now)
    return done


@post("/tag-groups", guards=WRITE, responses=http.declares(policy.BadTagName, actions.TagTaken))
async def new_group(data: NewGroup, database: Database, caller: Caller) -> catalog.Group:
    """Make a group; of an exclusive one a member wears one tag at most."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.create_group(tx, data.name, data.exclusive, now, data.name_en)
        after = {"exclusive": made.exclusive}
        await access.record(tx, caller, "tag_group.created", ("tag_group", made.name), after=after, at=now)
    return made


@patch("/tag-groups/{group:str}", guards=WRITE, responses=SHAPING)
async def change_group(group: str, data: ChangedGroup, database: Database, caller: Caller) -> catalog.Group:
    """Rename a group, or make it exclusive when nobody wears two of its tags."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.edit_group(tx, group, data.name, data.exclusive, data.name_en)
        after = {"exclusive": made.exclusive}
        await access.record(tx, caller, "tag_group.changed", ("tag_group", made.name), after=after, at=now)
    return made


@delete("/tag-groups/{group:str}", guards=WRITE, responses=http.declares(catalog.NoSuchGroup, actions.GroupInUse))
async def remove_group(group: str, database: Database, caller: Caller) -> None:
    """Delete an empty group that nothing asks for."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        before = await catalog.get_group(tx, group)
        await actions.delete_group(tx, group)
        await access.record(tx, caller, "tag_group.deleted", ("tag_group", before.name), at=now)


@get("/tags/acts", guards=READ, responses=http.declares(paging.BadCursor, catalog.NoSuchTag))
async def list_acts(
    database: Database, caller: Caller, cursor: str | None = None, limit: int = 30, tag: str | None = None
) -> paging.Page:
    """What was changed, the latest first; only what touched one tag where it is named."""
    async with database.read(caller.merchant_id) as tx:
        tag_id = (await catalog.get_tag(tx, tag)).tag_id if tag else None
        return await wearing.acts(tx, cursor, paging.limited(limit), tag_id)


@post(
    "/tags/acts/{act_id:int}/undo",
    guards=WRITE,
    status_code=200,
    responses=http.declares(wearing.NoSuchAct, actions.NotUndoable),
)
async def undo_act(act_id: int, database: Database, caller: Caller) -> actions.Done:
    """Undo one act, however many members it touched; labels that were changed again since stay."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        done = await actions.undo(tx, act_id, caller.name, now)
        after = {"added": done.added, "removed": done.removed}
        await access.record(tx, caller, "tags.undone", ("tag_act", str(act_id)), after=after, at=now)
    return done


@post(
    "/tags/import",
    guards=WRITE,
    status_code=200,
    responses=http.declares(Unreadable, policy.NoSuchColumns, policy.TooManyRows, policy.BadTagName),
)
async def import_file(
    data: Annotated[TagFile, Body(media_type=RequestEncodingType.MULTI_PART)], database: Database, caller: Caller
) -> actions.Imported:
    """Give members the tags that a CSV names (a column for the member, one for the tag); every line gets its verdict."""
    now = clock.now()
    lines = policy.lines_of(_table(await data.file.read()))
    cause = policy.Cause(verb="import", source="import", by=caller.name, reason=data.file.filename)
    async with database.write(caller.merchant_id) as tx:
        done = await actions.import_lines(tx, lines, cause, now, create=data.create, dry=data.dry)
        if done.act_id is not None:
            after = {"members": done.counts.get("tagged", 0)}
            await access.record(tx, caller, "tags.imported", ("file", data.file.filename), after=after, at=now)
    return done


def _table(raw: bytes) -> Sequence[Sequence[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable(field="file")
    head = text.split("\n", 1)[0]
    separator = max(",\t;", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise Unreadable(field="file") from error


@get("/members/{member_id:int}/tags", guards=READ, responses=http.declares(members.NoSuchMember))
async def member_tags(member_id: int, database: Database, caller: Caller) -> MemberTags:
    """What a member wears, since when, by whom and why; and every change of it."""
    async with database.read(caller.merchant_id) as tx:
        await members.require(tx, member_id)
        worn = (await wearing.of_members(tx, [member_id], clock.now()))[member_id]
        said = await profiles.reasons(tx, member_id, [one.follows for one in worn if one.follows is not None])
        return MemberTags(tags=worn, said=said, history=await wearing.history(tx, member_id))


@get("/tags/models", guards=READ)
async def model_tags(database: Database, caller: Caller) -> list[ModelTag]:
    """The tags that may follow what models say, those in use first."""
    async with database.read(caller.merchant_id) as tx:
        ready, silent = await profiles.ready_tags(tx)
        known = {(t.follows.model, t.follows.score, t.follows.op): t for t in await catalog.list_tags(tx) if t.follows}
    items = [
        ModelTag(ready=one, tag=known.get((one.model, one.score, one.op)), silent=silent.get(one.model, NOT_YET))
        for one in ready
    ]
    return sorted(items, key=lambda item: item.tag is None)


@get("/tags/models/preview", guards=READ, responses=http.declares(actions.NoSuchScore))
async def preview_threshold(
    database: Database, caller: Caller, model: str, score: str, op: str, value: float
) -> Threshold:
    """How many members would wear a tag that follows this score from that threshold on (`>=` or `<=`), before it is saved."""
    if op not in (">=", "<="):
        raise actions.NoSuchScore(field="op", score=op)
    async with database.read(caller.merchant_id) as tx:
        found = await profiles.whom(tx, profiles.Followed(model, score, op, value))
        return Threshold(members=len(found), standing=await profiles.standing(tx, model, score))


@post(
    "/tags/models",
    guards=WRITE,
    responses=http.declares(actions.NoSuchScore, actions.TagTaken),
)
async def use_model_tag(data: Follows, database: Database, caller: Caller) -> catalog.Tag:
    """Use a ready-made model tag; it comes to its members within a second or two. Its threshold is changed like any tag."""
    now = clock.now()
    async with database.write(caller.merchant_id) as tx:
        made = await actions.adopt(tx, data.code, data.value, now, caller.name)
        await access.record(tx, caller, "tag.created", ("tag", made.name), after=_told(made), at=now)
    return made


routes = [
    list_tags, english_names, together, combination, new_tag, change_tag, remove_tag, merge_tags, new_group, change_group,
    remove_group, list_acts, undo_act, import_file, member_tags, model_tags, preview_threshold, use_model_tag,
]  # fmt: skip
