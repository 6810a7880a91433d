"""Segments on the console: rules with their preview, lists, files, and questions across time."""

from shuke.insight.segments.console import comparing, editing, exporting, listing

routes = [*editing.routes, *comparing.routes, *listing.routes, *exporting.routes]

__all__ = ["routes"]
