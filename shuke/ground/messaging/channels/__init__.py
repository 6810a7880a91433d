"""The channels, in the order in which `auto` tries them, and the provider that carries them."""

from shuke.ground.messaging.channels import sandbox
from shuke.ground.messaging.channels.inbox import Inbox
from shuke.ground.messaging.channels.kind import Channel, Look, Reach, Shown
from shuke.ground.messaging.channels.sms import Sms
from shuke.ground.messaging.channels.wechat import WeChat
from shuke.kit.kinds import Family

channels: Family[Channel] = Family("channel", "触达渠道", [WeChat(), Sms(), Inbox()])

__all__ = ["Channel", "Look", "Reach", "Shown", "channels", "sandbox"]
