"""Writes docs/reference from the code: settings, permissions, announcements, kinds, refusals and tables.

With --check it writes nothing and fails when a page is stale.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

import shuke
from shuke.ground import access
from shuke.kit import config, db, errors, events, kinds

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
HEAD = "<!-- Written by `make docs`; change the code, not this page. -->\n"


def import_everything() -> list[Any]:
    """Every module of the package, in a stable order."""
    names = sorted(found.name for found in pkgutil.walk_packages(shuke.__path__, "shuke."))
    return [importlib.import_module(name) for name in names]


def room(module: str) -> str:
    """`shuke.assets.points.events` → `assets/points`."""
    return "/".join(module.split(".")[1:3])


def first_paragraph(thing: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def subclasses(parent: type) -> list[type]:
    """All classes of ours below `parent`, by room and name."""
    found: set[type] = set()
    waiting = [parent]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child not in found and child.__module__.startswith("shuke."):
                found.add(child)
                waiting.append(child)
    return sorted(found, key=lambda child: (room(child.__module__), child.__name__))


def table(*columns: str) -> list[str]:
    """The head of a Markdown table."""
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]


def row(*cells: Any) -> str:
    """One row of it; pipes and line breaks in cells are made harmless."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def settings() -> str:
    """Every setting by environment, from the docstring of `config.Settings`."""
    text = " ".join((inspect.getdoc(config.Settings) or "").split())
    lines = [
        "# Settings 设置",
        "",
        "Read once at the start, from the environment. Unset means embedded and local.",
        "启动时从环境变量读取;不设就是单机内置。",
        "",
        *table("setting", "meaning"),
    ]
    for names, meaning in re.findall(r"((?:`SHUKE_\w+`(?:, )?)+) (.*?)(?= · |\.$|\. |$)", text):
        lines.append(row(names, meaning))
    return "\n".join(lines)


def setting_names() -> set[str]:
    """Every SHUKE_… name that the package reads or mentions."""
    return {name for path in (ROOT / "shuke").rglob("*.py") for name in re.findall(r"SHUKE_[A-Z_]+", path.read_text())}


def asked_permissions() -> dict[str, set[str]]:
    """Every permission asked by a route, with the files that ask for it."""
    asked: dict[str, set[str]] = {}
    for path in sorted((ROOT / "shuke").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] == "requires" and node.args:
                name = ast.literal_eval(node.args[0])
                asked.setdefault(name, set()).add("/".join(path.relative_to(ROOT / "shuke").with_suffix("").parts))
    return asked


def permissions() -> str:
    """Every permission, with its meaning and who asks for it."""
    asked, described = asked_permissions(), described_permissions()
    lines = ["# Permissions 权限", "", "What a role or an API key may be allowed. 角色或密钥可以拥有的权限。", ""]
    lines += table("permission", "meaning", "意思", "asked by")
    for name in sorted({*asked, *described}):
        zh, en = described.get(name, ("", ""))
        lines.append(row(f"`{name}`", en, zh, ", ".join(sorted(asked.get(name, ())))))
    lines += ["", "## Roles 角色", "", *table("role", "name", "名称", "permissions")]
    for role, (words, held) in access.ROLES.items():
        lines.append(row(f"`{role}`", words.en, words.zh, ", ".join(f"`{name}`" for name in sorted(held))))
    lines += ["", "## Scopes of API keys 接口密钥的范围", "", *table("scope", "name", "名称", "permissions")]
    for scope, (words, held) in access.SCOPES.items():
        lines.append(row(f"`{scope}`", words.en, words.zh, ", ".join(f"`{name}`" for name in sorted(held))))
    return "\n".join(lines)


def described_permissions() -> dict[str, tuple[str, str]]:
    """Permission → (Chinese, English), as the access room lists them."""
    return {name: (words.zh, words.en) for name, words in access.PERMISSIONS.items()}


def announcements() -> str:
    """Every announcement, with its fields."""
    lines = [
        "# Announcements 通告",
        "",
        "What rooms say has happened, in the permanent log of each merchant, in order.",
        "",
    ]
    lines += table("announcement", "room", "says", "fields")
    for event in subclasses(events.Event):
        fields = [f"`{field.encode_name}: {type_name(field.type)}`" for field in msgspec.structs.fields(event)]
        tag = event.__struct_config__.tag  # type: ignore[attr-defined]
        lines.append(row(f"`{tag}`", room(event.__module__), first_paragraph(event), "<br>".join(fields)))
    return "\n".join(lines)


def type_name(kind: Any) -> str:
    """A type as one writes it."""
    return (kind.__name__ if isinstance(kind, type) else str(kind)).replace("typing.", "")


def families(modules: list[Any]) -> list[tuple[str, kinds.Family[Any]]]:
    """Every family of kinds, with its room, each once."""
    found: dict[int, tuple[str, kinds.Family[Any]]] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, kinds.Family):
                found.setdefault(id(value), (room(module.__name__), value))
    return sorted(found.values(), key=lambda pair: (pair[0], pair[1].name))


def all_kinds(modules: list[Any]) -> str:
    """Every kind of every family, with its parameters."""
    lines = ["# Kinds 类型", "", "The open families: each kind is one file, with its parameters and its sentence.", ""]
    for where, family in families(modules):
        lines += [f"## {family.name} {family.name_zh} ({where})", "", *table("code", "name", "名称", "parameters")]
        for kind in family:
            hints = get_type_hints(kind.Params)
            parameters = [f"`{name}: {type_name(hint)}`" for name, hint in hints.items()]
            lines.append(row(f"`{kind.code}`", kind.name.en, kind.name.zh, "<br>".join(parameters) or "—"))
        lines.append("")
    return "\n".join(lines).rstrip()


def refusals() -> str:
    """Every refusal: code, status, message and cure in both languages."""
    lines = ["# Refusals 拒绝", "", "How the system says no: the code never changes, the words may.", ""]
    lines += table("code", "status", "room", "message", "说明", "cure", "办法")
    for refusal in subclasses(errors.Refused):
        where = room(refusal.__module__)
        words = (first_paragraph(refusal), refusal.zh, refusal.cure, refusal.cure_zh)  # type: ignore[attr-defined]
        lines.append(row(f"`{refusal.code}`", refusal.http_status, where, *words))  # type: ignore[attr-defined]
    return "\n".join(lines)


def tables() -> str:
    """Every table and what one row of it means."""
    lines = ["# Tables 数据表", "", "What one row means. Tables outside row-level security are marked.", ""]
    lines += table("table", "room", "one row", "row-level security")
    models = [mapper.class_ for mapper in db.Model.registry.mappers]
    for model in sorted(models, key=lambda model: (room(model.__module__), model.__name__)):
        guarded = "yes" if db.is_tenant(model.__table__) else "no, directory"
        lines.append(row(f"`{model.__tablename__}`", room(model.__module__), first_paragraph(model), guarded))
    return "\n".join(lines)


def pages() -> Iterator[tuple[Path, str]]:
    """Every page with its text."""
    modules = import_everything()
    texts = {
        "settings": settings(),
        "permissions": permissions(),
        "announcements": announcements(),
        "kinds": all_kinds(modules),
        "refusals": refusals(),
        "tables": tables(),
    }
    for name, text in texts.items():
        yield FOLDER / f"{name}.md", f"{HEAD}\n{text}\n"


def main() -> int:
    """Write the pages, or say which are stale."""
    if "--check" in sys.argv:
        stale = [path.name for path, text in pages() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if stale:
            print(f"docs/reference is stale: {', '.join(stale)}. Run `make docs`.")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
