"""Segments on the console across time and beside each other, and their members as files."""

from shuke.insight.outlook.console import comparing, exporting

routes = [*comparing.routes, *exporting.routes]

__all__ = ["routes"]
