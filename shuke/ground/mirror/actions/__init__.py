"""Keeping the copy in step with the log, and making it anew."""

from shuke.ground.mirror.actions.copying import behind, copy
from shuke.ground.mirror.actions.rebuilding import drain, rebuild

__all__ = ["behind", "copy", "drain", "rebuild"]
