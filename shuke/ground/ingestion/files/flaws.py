"""What can be wrong with a cell or a row, told in Chinese and English."""

import msgspec

REASONS: dict[str, tuple[str, str]] = {
    "missing": ("{zh}是空的", "{field} is empty"),
    "not_money": ("“{value}”不是金额", "'{value}' is not an amount of money"),
    "negative": ("“{value}”是负数；退款请用退款文件导入", "'{value}' is negative; import refunds from a refunds file"),
    "too_precise": ("“{value}”超过两位小数", "'{value}' has more than two decimals"),
    "too_large": ("“{value}”太大", "'{value}' is too large"),
    "not_count": ("“{value}”不是整数", "'{value}' is not a whole number"),
    "not_instant": (
        "“{value}”看不出是什么时间；请写成 2026-03-08 14:05:00",
        "'{value}' is no date and time; write it as 2026-03-08 14:05:00",
    ),
    "future": ("“{value}”还没到", "'{value}' lies in the future"),
    "not_phone": ("“{value}”不是电话号码", "'{value}' is no phone number"),
    "not_number": ("“{value}”不是数字", "'{value}' is not a number"),
    "not_boolean": ("“{value}”不是“是/否”", "'{value}' is neither yes nor no"),
    "not_date": ("“{value}”不是日期", "'{value}' is no date"),
    "not_text": ("里面有无法保存的字符", "it holds a character that cannot be stored"),
    "too_long": ("内容超过 {limit} 个字", "longer than {limit} characters"),
    "ragged": ("这一行有 {value} 列，表头有 {limit} 列", "this row has {value} columns, the header has {limit}"),
    "not_json": ("这一行不是合法的 JSON 对象", "this line is not a JSON object"),
    "differs": ("同一单里的{zh}不一致", "rows of one order disagree about {field}"),
    "sibling": (
        "同一单的第 {value} 行有误，整单未导入",
        "row {value} of the same order is wrong, so the whole order is left out",
    ),
    "no_member": ("会员号和手机号都是空的", "neither a member id nor a phone"),
}


class Flaw(msgspec.Struct, frozen=True):
    """One reason why one row of a file was left out; `row` counts as the file is seen when opened."""

    row: int
    field: str
    code: str
    value: str = ""
    limit: int = 0
    zh: str = ""

    @property
    def reason(self) -> str:
        return self._say(0)

    @property
    def reason_en(self) -> str:
        return self._say(1)

    def _say(self, language: int) -> str:
        known = REASONS.get(self.code)
        if known is None:
            return self.value
        return known[language].format(
            value=self.value[:60], limit=self.limit, field=self.field, zh=self.zh or self.field
        )


class Refusal(msgspec.Struct, frozen=True):
    """One row that the write path refused, with its own words."""

    row: int
    field: str
    reason: str
    reason_en: str
