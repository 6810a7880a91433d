"""Segments on the console: rules with their preview, and lists."""

from shuke.insight.segments.console import editing, listing

routes = [*editing.routes, *listing.routes]

__all__ = ["routes"]
