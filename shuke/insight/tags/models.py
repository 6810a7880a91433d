"""Tables of tags: what they are called, who wears them, and every change with who and why."""

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shuke.kit.db import Model, instant, part_of_key


class TagGroup(Model):
    """A family of tags. `exclusive`: of its tags a member wears one at most, the newest. `name_en` may be empty."""

    __tablename__ = "tag_group"
    __table_args__ = (UniqueConstraint("merchant_id", "slug"),)
    merchant_id: Mapped[int] = part_of_key()
    group_id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    exclusive: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[object] = instant()


class Tag(Model):
    """One tag; its slug never changes, its names may. States: live, archived (nobody gets it any more), merged, deleted.

    With a `segment_slug` it is a rule tag: who is in that segment wears it, nobody else. `size` counts its wearers,
    `changed_at` is the instant of its last change: the next one is not earlier. With `follows` (a model's score, a comparison and
    a threshold) it is a model tag: whom the model says it of wears it.
    """

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("merchant_id", "slug"),)
    merchant_id: Mapped[int] = part_of_key()
    tag_id: Mapped[int] = part_of_key()
    slug: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    group_id: Mapped[int | None]
    segment_slug: Mapped[str | None]
    follows: Mapped[dict | None]
    valid_for: Mapped[str] = mapped_column(server_default="unlimited")
    state: Mapped[str] = mapped_column(server_default="live")
    merged_into: Mapped[int | None]
    size: Mapped[int] = mapped_column(server_default="0")
    changed_at: Mapped[object] = instant()
    created_at: Mapped[object] = instant()
    created_by: Mapped[str] = mapped_column(server_default="")


class MemberTag(Model):
    """One member wears one tag, since when, until when, and by which act."""

    __tablename__ = "member_tag"
    __table_args__ = (
        Index("member_tag_by_member", "merchant_id", "member_id"),
        Index("member_tag_by_end", "merchant_id", "until", postgresql_where=text("until is not null")),
    )
    merchant_id: Mapped[int] = part_of_key()
    tag_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    act_id: Mapped[int]
    since: Mapped[object] = instant()
    until: Mapped[object | None] = instant(nullable=True)


class TagAct(Model):
    """One act that changed who wears what: of a person, a key, a file, a rule or the clock; undone as one.

    `verb`: tag, import, rule, model, expire, merge_tags, delete_tag, merge_members, unmerge_members, undo. `source`: console,
    api, import, rule, model, system.
    """

    __tablename__ = "tag_act"
    __table_args__ = (Index("tag_act_by_time", "merchant_id", "at", "act_id"),)
    merchant_id: Mapped[int] = part_of_key()
    act_id: Mapped[int] = part_of_key()
    verb: Mapped[str]
    source: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    added: Mapped[int]
    removed: Mapped[int]
    members: Mapped[int]
    tag_ids: Mapped[list]
    at: Mapped[object] = instant()
    undoes: Mapped[int | None]
    undone_by: Mapped[int | None]


class TagChange(Model):
    """What one act did to one member's tag: added, removed, replaced (by another of an exclusive group), expired, renewed.

    `since` and `until` are the label's, `was_until` before a renewal; `label_act` is the act the label carries after the change,
    `was_act` before it.
    """

    __tablename__ = "tag_change"
    __table_args__ = (Index("tag_change_by_member", "merchant_id", "member_id", "at"),)
    merchant_id: Mapped[int] = part_of_key()
    act_id: Mapped[int] = part_of_key()
    tag_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    change: Mapped[str]
    since: Mapped[object] = instant()
    until: Mapped[object | None] = instant(nullable=True)
    was_until: Mapped[object | None] = instant(nullable=True)
    label_act: Mapped[int | None]
    was_act: Mapped[int | None]
    at: Mapped[object] = instant()


class TagGroupSpell(Model):
    """After one act: since when a member wears any tag of a group, or not any more (`since` empty)."""

    __tablename__ = "tag_group_spell"
    merchant_id: Mapped[int] = part_of_key()
    act_id: Mapped[int] = part_of_key()
    group_id: Mapped[int] = part_of_key()
    member_id: Mapped[int] = part_of_key()
    since: Mapped[object | None] = instant(nullable=True)
    at: Mapped[object] = instant()
