"""短信: a text with the shop's signature and the way to unsubscribe."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from shuke.ground.messaging.channels.kind import Look, Reach, Shown
from shuke.kit.kinds import Sentence


class Text(Struct, frozen=True):
    """At most 300 characters: about five message parts, signature and unsubscribe word included."""

    body: Annotated[str, Meta(min_length=1, max_length=300, title="内容")]
    title: str = ""
    link: Annotated[str, Meta(max_length=300, title="链接")] = ""


class Sms:
    """A text message; marketing texts need the member's consent and carry an unsubscribe word."""

    code: ClassVar[str] = "sms"
    name: ClassVar[Sentence] = Sentence(zh="短信", en="Text message")
    needs_consent: ClassVar[bool] = True

    Params: ClassVar[type[Struct]] = Text

    def sentence(self, params: Any) -> Sentence:
        """What it does."""
        return Sentence(zh=f"发短信「{params.body}」", en=f"send the text “{params.body}”")

    def address(self, reach: Reach) -> str | None:
        """The phone."""
        return reach.addresses.get("phone")

    def look(self, shop: str, shown: Shown) -> Look:
        """A bubble: 【shop】 text, a link that a phone can open (a page inside the app is none), the unsubscribe word."""
        link = shown.link if shown.link.startswith(("https://", "http://")) else ""
        parts = [f"【{shop}】{shown.body}", link, "拒收请回复R"]
        body = " ".join(part for part in parts if part)
        return Look(shape="bubble", sender=shop, title="", body=body, at=shown.at, link=shown.link, link_words="")
