"""Writes web/api/openapi.json from the application, and seals the types that were generated from it.

With --check it writes nothing and fails when the document or the types are stale; it needs no Node.
"""

import hashlib
import json
import sys
from pathlib import Path

from shuke.doors import document as application

FOLDER = Path(__file__).resolve().parents[2] / "web" / "api"
DOCUMENT = FOLDER / "openapi.json"
TYPES = FOLDER / "schema.ts"


def document() -> str:
    """The OpenAPI document as text, the same for the same code."""
    return json.dumps(application.describe(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def seal(text: str) -> str:
    """The first line of the types: from which document they were generated."""
    return f"// Written by `make api`; openapi.json {hashlib.sha256(text.encode()).hexdigest()[:16]}\n"


def stale() -> list[str]:
    """What no longer follows from the code."""
    text = document()
    if not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text:
        return ["web/api/openapi.json"]
    if not TYPES.exists() or not TYPES.read_text(encoding="utf-8").startswith(seal(text)):
        return ["web/api/schema.ts"]
    return []


def main() -> int:
    """Write the document, seal the types (--seal), or say what is stale (--check)."""
    if "--check" in sys.argv:
        found = stale()
        if found:
            print(f"{found[0]} is stale. Run `make api`.")
        return 1 if found else 0
    text = document()
    if "--seal" in sys.argv:
        TYPES.write_text(seal(text) + TYPES.read_text(encoding="utf-8"), encoding="utf-8")
    else:
        DOCUMENT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
