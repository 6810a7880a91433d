"""Open families: one kind, one file, with its code, typed parameters, and its sentence in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from shuke.kit import errors


class Sentence(msgspec.Struct, frozen=True):
    """The same words in both languages."""

    zh: str
    en: str


class Kind(Protocol):
    """What every kind of every family offers; a family adds its own execution."""

    code: ClassVar[str]
    name: ClassVar[Sentence]
    Params: ClassVar[type[msgspec.Struct]]

    def sentence(self, params: Any) -> Sentence:
        """What it does with these parameters, as an operator would say it."""
        ...


class UnknownKind(errors.Refused):
    """There is no {family} kind "{code}"; known are: {known}."""

    code = "unknown_kind"
    http_status = 422
    zh = "没有「{code}」这种{family_zh}，可用的有：{known}"
    cure = "Use one of the known kinds."
    cure_zh = "请改用列出的类型。"


class BadParameters(errors.Refused):
    """The parameters of {kind} are not right: {reason}"""

    code = "bad_parameters"
    http_status = 422
    zh = "「{kind}」的参数不对：{reason}"
    cure = "Compare with the schema of the kind."
    cure_zh = "请对照这一类型的参数说明修改。"


K = TypeVar("K", bound=Kind)


class Family(Generic[K]):
    """A closed list of kinds, written out in one place."""

    def __init__(self, name: str, name_zh: str, kinds: list[K]) -> None:
        self.name = name
        self.name_zh = name_zh
        self._kinds = {kind.code: kind for kind in kinds}
        assert len(self._kinds) == len(kinds), "two kinds share a code"

    def __iter__(self) -> Iterator[K]:
        return iter(self._kinds.values())

    def get(self, code: str) -> K:
        """The kind of that code; refuses unknown ones with the list of known."""
        found = self._kinds.get(code)
        if found is None:
            raise UnknownKind(
                field="kind",
                family=self.name,
                family_zh=self.name_zh,
                code=code,
                known=", ".join(self._kinds),
            )
        return found

    def parameters(self, code: str, raw: Any) -> Any:
        """The typed parameters of a kind from JSON; refuses what does not fit, naming the place."""
        kind = self.get(code)
        try:
            return msgspec.convert(raw, kind.Params)
        except msgspec.ValidationError as error:
            raise BadParameters(field="params", kind=kind.name.zh, reason=str(error)) from error

    def describe(self) -> list[dict[str, Any]]:
        """Code, name and JSON Schema of every kind: what the console draws forms from."""
        return [
            {
                "code": kind.code,
                "name": msgspec.to_builtins(kind.name),
                "schema": msgspec.json.schema(kind.Params),
            }
            for kind in self._kinds.values()
        ]
