"""微信订阅消息: a card in the service notices, with a heading of at most 20 characters."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from shuke.ground.messaging.channels.kind import Look, Reach, Shown
from shuke.kit.kinds import Sentence


class Card(Struct, frozen=True):
    """The template's fields: a `thing` takes 20 characters, the remark 200."""

    body: Annotated[str, Meta(min_length=1, max_length=200, title="内容")]
    title: Annotated[str, Meta(max_length=20, title="标题")] = ""
    link: Annotated[str, Meta(max_length=300, title="打开的页面")] = ""


class WeChat:
    """A subscribe message of the mini program; each needs the member's consent."""

    code: ClassVar[str] = "wechat"
    name: ClassVar[Sentence] = Sentence(zh="微信订阅消息", en="WeChat subscribe message")
    needs_consent: ClassVar[bool] = True

    Params: ClassVar[type[Struct]] = Card

    def sentence(self, params: Any) -> Sentence:
        """What it does."""
        return Sentence(
            zh=f"发微信订阅消息「{params.title or params.body}」",
            en=f"send the WeChat message “{params.title or params.body}”",
        )

    def address(self, reach: Reach) -> str | None:
        """The openid of the mini program."""
        return reach.addresses.get("wechat_openid")

    def look(self, shop: str, shown: Shown) -> Look:
        """A card of 服务通知 with a way into the mini program."""
        return Look(
            shape="card", sender=f"服务通知 · {shop}", title=shown.title or shop, body=shown.body, at=shown.at,
            link=shown.link, link_words="进入小程序查看",
        )  # fmt: skip
