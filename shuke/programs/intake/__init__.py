"""The one write path of an order, a refund or an event."""

from shuke.programs.intake.actions.apply import Answer, apply, apply_across, apply_in
from shuke.programs.intake.actions.collector import Collector
from shuke.programs.intake.actions.imports import (
    BadMapping,
    Progress,
    begin_import,
    described,
    import_folder,
    run_import,
)

__all__ = [
    "Answer", "BadMapping", "Collector", "Progress", "apply", "apply_across", "apply_in", "begin_import", "described",
    "import_folder", "run_import",
]  # fmt: skip
