"""Segments on the console: rules with their preview, lists and files."""

from shuke.insight.segments.console import editing, exporting, listing

routes = [*editing.routes, *listing.routes, *exporting.routes]

__all__ = ["routes"]
