"""完善资料: parts of the profile that must be filled."""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from shuke.ground import ingestion
from shuke.kit.kinds import Sentence

_NAMES = {
    "name": Sentence("姓名", "name"), "phone": Sentence("手机号", "phone"), "gender": Sentence("性别", "gender"),
    "birthday": Sentence("生日", "birthday"),
}  # fmt: skip
_LABELS = {name: {"zh": words.zh, "en": words.en} for name, words in _NAMES.items()}


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which parts must be filled."""

    fields: Annotated[
        list[Literal["name", "phone", "gender", "birthday"]],
        Meta(
            min_length=1, max_length=4, title="Parts",
            extra_json_schema={"x-zh": "要填哪些", "x-en": "Parts", "x-labels": _LABELS},
        ),
    ]  # fmt: skip


class ProfileStep:
    """完善姓名、生日."""

    code: ClassVar[str] = "profile"
    name: ClassVar[Sentence] = Sentence("完善资料", "Complete the profile")
    Params: ClassVar[type[msgspec.Struct]] = Profile
    example: ClassVar[dict[str, Any]] = {"fields": ["name", "birthday"]}

    def sentence(self, params: Profile) -> Sentence:
        """What is to be filled in."""
        named = [_NAMES[field] for field in dict.fromkeys(params.fields)]
        return Sentence(f"填写{'、'.join(one.zh for one in named)}", f"fill in {', '.join(one.en for one in named)}")

    def needed(self, params: Profile) -> int:
        """Every part once."""
        return len(set(params.fields))

    def mark(self, params: Profile, done: ingestion.Behaviour) -> str | None:
        """No behaviour counts."""
        return None

    def marks_of(self, params: Profile, filled: Set[str]) -> frozenset[str]:
        """The parts that are filled."""
        return frozenset(params.fields) & filled
