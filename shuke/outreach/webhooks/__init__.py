"""Telling other systems who entered and left a segment: signed, retried, and never to an address inside the house."""

from shuke.outreach.webhooks.actions.calling import Answered, CannotCall, allow, post
from shuke.outreach.webhooks.actions.sending import send_due
from shuke.outreach.webhooks.actions.shaping import BadAddress, BadEvents, change_webhook, create_webhook
from shuke.outreach.webhooks.policy import signature
from shuke.outreach.webhooks.queries import NoSuchDelivery, NoSuchWebhook, using_segments

__all__ = [
    "Answered", "BadAddress", "BadEvents", "CannotCall", "NoSuchDelivery", "NoSuchWebhook", "allow", "change_webhook",
    "create_webhook", "post", "send_due", "signature", "using_segments",
]  # fmt: skip
