"""站内信: a notice in the member's own pages, read when they come by."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from shuke.ground.messaging.channels.kind import Look, Reach, Shown
from shuke.kit.kinds import Sentence


class Notice(Struct, frozen=True):
    """A heading and a text."""

    body: Annotated[str, Meta(min_length=1, max_length=2000, title="内容")]
    title: Annotated[str, Meta(max_length=50, title="标题")] = ""
    link: Annotated[str, Meta(max_length=300, title="打开的页面")] = ""


class Inbox:
    """A notice inside our own pages: nobody is disturbed, so it goes unless the member has declined."""

    code: ClassVar[str] = "inbox"
    name: ClassVar[Sentence] = Sentence(zh="站内信", en="In-app inbox")
    needs_consent: ClassVar[bool] = False

    Params: ClassVar[type[Struct]] = Notice

    def sentence(self, params: Any) -> Sentence:
        """What it does."""
        return Sentence(
            zh=f"发站内信「{params.title or params.body}」", en=f"leave the notice “{params.title or params.body}”"
        )

    def address(self, reach: Reach) -> str | None:
        """The member's own number."""
        return str(reach.member_id)

    def look(self, shop: str, shown: Shown) -> Look:
        """A notice in the list of messages."""
        return Look(
            shape="notice", sender=shop, title=shown.title, body=shown.body, at=shown.at, link=shown.link,
            link_words="查看" if shown.link else "",
        )  # fmt: skip
