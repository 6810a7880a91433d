"""Segments across time and beside each other: why and until when, sizes to come, who was in then, flows and overlaps."""

from shuke.insight.outlook.queries.overlaps import Overlap, overlap
from shuke.insight.outlook.queries.previews import Preview, preview
from shuke.insight.outlook.queries.times import Explained, Flow, Forecast, Then, coming, explain, flow, forecast, then

__all__ = [
    "Explained",
    "Flow",
    "Forecast",
    "Overlap",
    "Preview",
    "Then",
    "coming",
    "explain",
    "flow",
    "forecast",
    "overlap",
    "preview",
    "then",
]
