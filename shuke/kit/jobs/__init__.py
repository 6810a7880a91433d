"""Background work: the queue of named jobs, and what is due at which merchant."""

from shuke.kit.jobs.due import Work, hand_out, keep_handing_out, plan_missing, register, wake
from shuke.kit.jobs.queue import Jobs, install_queue

__all__ = ["Jobs", "Work", "hand_out", "install_queue", "keep_handing_out", "plan_missing", "register", "wake"]
