"""Files of a merchant's past into the rooms, exactly once, from upload to what was left out."""

from shuke.programs.imports.actions.running import (
    BadMapping,
    Progress,
    begin_import,
    described,
    import_folder,
    names_nobody,
    run_import,
)

__all__ = ["BadMapping", "Progress", "begin_import", "described", "import_folder", "names_nobody", "run_import"]
