"""Routes tell what they refuse and what they look like, so that the API page and the clients know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from shuke.kit import errors

if TYPE_CHECKING:
    from collections.abc import Iterable


class RefusalBody(msgspec.Struct, omit_defaults=True):
    """What every refusal answers. `code` is stable; `message` and `cure` are for people, in both languages.

    They are Chinese; where Accept-Language prefers English they are English, and the Chinese ones stand in `_zh`.
    """

    code: str
    message: str
    message_en: str
    field: str | None = None
    row: int | None = None
    path: str | None = None
    cure: str | None = None
    cure_en: str | None = None
    message_zh: str | None = None
    cure_zh: str | None = None
    details: dict[str, Any] | None = None


def _by_status(refusals: Iterable[type[errors.Refused]]) -> dict[int, list[type[errors.Refused]]]:
    found: dict[int, list[type[errors.Refused]]] = {}
    for refusal in refusals:
        found.setdefault(refusal.http_status, []).append(refusal)
    return found


def told(refusals: Iterable[type[errors.Refused]]) -> str:
    """The refusals of one status, one per line: code, Chinese, English."""
    return "\n".join(f"`{one.code}` {one.zh} · {sentence_of(one)}" for one in refusals)


def sentence_of(refusal: type[errors.Refused]) -> str:
    """The English sentence of a refusal, with the places that facts fill."""
    return (refusal.__doc__ or "").strip().split("\n\n")[0]


def declares(*refusals: type[errors.Refused]) -> dict[int, ResponseSpec]:
    """For `responses=` of a route: what it may refuse, by status."""
    return {
        status: ResponseSpec(data_container=RefusalBody, description=told(group), generate_examples=False)
        for status, group in sorted(_by_status(refusals).items())
    }


@dataclass(frozen=True, slots=True)
class Operation:
    """A route outside the framework's routing (raw ASGI), as the OpenAPI document shows it.

    `body` and `answer` are types; the examples are real: a test sends the one and reads the other.
    """

    method: str
    path: str
    summary: str
    description: str
    permission: str
    body: Any
    answer: Any
    body_example: Any
    answer_example: Any
    refusals: tuple[type[errors.Refused], ...] = ()
    tag: str = "v1"
    status: int = 200
    more_answers: dict[int, str] = field(default_factory=dict)

    def types(self) -> list[Any]:
        """The types whose schemas the document needs."""
        return [kind for kind in (self.body, self.answer, RefusalBody) if kind is not None]

    def document(self, schema_of: dict[int, Any]) -> dict[str, Any]:
        """The OpenAPI operation; `schema_of` gives the schema of each of `types()` by its identity."""
        refused = {
            str(status): {
                "description": told(group),
                "content": {"application/json": {"schema": schema_of[id(RefusalBody)]}},
            }
            for status, group in sorted(_by_status(self.refusals).items())
        }
        answers: dict[str, Any] = {
            str(self.status): {
                "description": "OK",
                "content": {"application/json": {"schema": schema_of[id(self.answer)], "example": self.answer_example}},
            },
            **{str(status): {"description": words} for status, words in self.more_answers.items()},
            **refused,
        }
        words = [part for part in self.path.split("/") if part.isidentifier()]
        operation: dict[str, Any] = {
            "tags": [self.tag], "summary": self.summary, "description": self.description,
            "operationId": "".join(word.title() for word in (self.method, *words)), "responses": answers,
            "security": [{"key": []}], "x-permission": self.permission,
        }  # fmt: skip
        if self.body is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": schema_of[id(self.body)], "example": self.body_example}},
            }
        return operation
