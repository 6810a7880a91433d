"""Members hear in time that points run out: once for each distance, unless they spent them before."""

from shuke.outreach.notices.actions import forget_planned, next_time, plan_batch, send_batch, set_plan
from shuke.outreach.notices.policy import BadDays, BadHour, Plan
from shuke.outreach.notices.queries import NoticeDay, counted, plan

__all__ = [
    "BadDays", "BadHour", "NoticeDay", "Plan", "counted", "forget_planned", "next_time", "plan", "plan_batch",
    "send_batch", "set_plan",
]  # fmt: skip
