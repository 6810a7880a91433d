"""How the system says no: refusals a person can act on, and outages that pass."""

from typing import Any, ClassVar


class Refused(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 409
    zh: ClassVar[str] = "这个请求不能执行。"
    cure: ClassVar[str] = ""
    cure_zh: ClassVar[str] = ""

    def __init__(self, field: str | None = None, row: int | None = None, **facts: Any) -> None:
        self.field = field
        self.row = row
        self.facts = facts
        super().__init__(self.message_en)

    @property
    def message_en(self) -> str:
        return (self.__class__.__doc__ or "").strip().split("\n\n")[0].format(**self.facts)

    @property
    def message_zh(self) -> str:
        return self.zh.format(**self.facts)

    def body(self) -> dict[str, Any]:
        """The documented error body: code, message and cure in both languages, field, row, and the facts."""
        body: dict[str, Any] = {"code": self.code, "message": self.message_zh, "message_en": self.message_en}
        if self.field is not None:
            body["field"] = self.field
        if self.row is not None:
            body["row"] = self.row
        if self.cure:
            body["cure"] = self.cure_zh.format(**self.facts)
            body["cure_en"] = self.cure.format(**self.facts)
        if self.facts:
            body["details"] = {name: value for name, value in self.facts.items() if _plain(value)}
        return body


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | list | dict) or value is None


class NotFound(Refused):
    """There is no such {what} here."""

    code = "not_found"
    http_status = 404
    zh = "找不到这个{what_zh}。"
    cure = "Check the id; what belongs to another merchant answers the same."
    cure_zh = "请核对编号。"

    def __init__(self, what: str = "thing", what_zh: str = "内容", **facts: Any) -> None:
        super().__init__(what=what, what_zh=what_zh, **facts)


class Malformed(Refused):
    """The request is malformed: {reason}"""

    code = "malformed"
    http_status = 400
    zh = "请求格式不对：{reason_zh}"
    cure = "Compare with the example on the API page (/docs)."
    cure_zh = "请对照接口文档 /docs 里的示例修改。"

    def __init__(self, reason: str = "", reason_zh: str = "", **facts: Any) -> None:
        super().__init__(reason=reason, reason_zh=reason_zh or reason, **facts)


class TooLarge(Refused):
    """The body is larger than {limit_mb} MB."""

    code = "too_large"
    http_status = 413
    zh = "内容超过 {limit_mb} MB。"
    cure = "Send fewer items per call (at most 1,000), or use the file import."
    cure_zh = "请减少每次发送的条数（最多 1000 条）,或改用文件导入。"


class TooMany(Refused):
    """One call may carry {most} items; this one has {count}."""

    code = "too_many_items"
    http_status = 413
    zh = "一次最多 {most} 条，这次有 {count} 条。"
    cure = "Split the list over several calls."
    cure_zh = "请分多次发送。"


class CannotGoOn(Exception):
    """The process cannot start or go on as it was asked to; the text is a sentence with the cure."""


class Unavailable(Exception):
    """Something we depend on does not answer now; the same call may succeed later."""

    retry_after_seconds = 2
