"""`shuke import`: a file into a merchant's books, with a progress bar, and one line of JSON at the end."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from shuke.doors import commands, engines, loop
from shuke.kit import clock
from shuke.programs import imports

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from shuke.doors.context import Context
    from shuke.kit.config import Settings

NOBODY = (
    "注意：没有一列说明订单是谁的（member_id 或 phone），这些订单不会算到任何会员头上 · "
    "Beware: no column tells whose the orders are (member_id or phone); they will belong to no member"
)
PHASES = {"reading": "读取 reading", "applying": "导入 importing"}


def import_file(options: argparse.Namespace, settings: Settings) -> int:
    """The exit status: 0 done, 2 some rows were rejected."""
    told = _mapping(options.mapping)
    types = _types(options.types)

    async def work() -> dict[str, Any]:
        async with engines.connected(settings) as context:
            return await _import(context, options, told, types)

    result = loop.run(work())
    print(json.dumps(result, ensure_ascii=False))
    return 2 if result["rejected"] else 0


async def _import(
    context: Context, options: argparse.Namespace, told: dict[str, Any] | None, types: dict[str, str]
) -> dict[str, Any]:
    screen = Console(stderr=True)
    started = clock.monotonic()
    merchant = await commands.known_merchant(context, options.merchant)
    path = options.file.absolute()
    run = await imports.begin_import(context.database, merchant.merchant_id, options.kind, path, told, types)
    screen.print(f"{path.name} → {options.merchant} ({options.kind})", highlight=False, markup=False)
    for line in imports.described(run):
        screen.print(f"  {line}", highlight=False, markup=False)
    if imports.names_nobody(run):
        screen.print(NOBODY, highlight=False, markup=False)
    if run.position:
        screen.print(f"接着上次继续 · going on at row {run.read:,}", highlight=False, markup=False)
    folder = imports.import_folder(context.settings.home, merchant.merchant_id, run.import_id)
    with _bar(screen) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: imports.Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(PHASES[progress.phase], total=progress.total, rate="")
            rate = f"{progress.rate:,} 行/秒 rows/s"
            bar.update(tasks[progress.phase], completed=progress.done, total=progress.total, rate=rate)

        done = await imports.run_import(context.database, merchant.merchant_id, run.import_id, folder, show)
    result: dict[str, Any] = {
        "read": done.read, "accepted": done.accepted, "duplicates": done.duplicates, "rejected": done.rejected,
        "seconds": round(clock.monotonic() - started, 3),
    }  # fmt: skip
    if done.memberless:
        result["without_member"] = done.memberless
        screen.print(
            f"有 {done.memberless:,} 单没有会员，不算积分，也不进画像和分群 · {done.memberless:,} orders have no member: "
            "no points, and no profile or segment knows them",
            highlight=False, markup=False,
        )  # fmt: skip
    if done.rejected:
        kept = await asyncio.to_thread(_beside, folder / "rejected.csv", path)
        result["rejected_file"] = str(kept)
        screen.print(f"未导入的行 · rows left out: {kept}", highlight=False, markup=False)
    return result


def _bar(screen: Console) -> Progress:
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=screen, transient=False)


def _beside(rejected: Path, path: Path) -> Path:
    """Put the rejected rows beside the file they came from, where that can be written."""
    wanted = path.with_name(f"{path.name}.rejected.csv")
    try:
        shutil.copyfile(rejected, wanted)
    except OSError:
        return rejected
    return wanted


def _mapping(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        told = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise imports.BadMapping(reason=f"{path}: {error}.", reason_zh=f"{path} 读不了（{error}）。") from error
    if not isinstance(told, dict):
        raise imports.BadMapping(reason=f"{path} is not a JSON object.", reason_zh=f"{path} 不是 JSON 对象。")
    return told


def _types(written: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in written.split(",") if part.strip()]
    for name, equals, kind in pairs:
        if not equals or not name.strip() or not kind.strip():
            raise imports.BadMapping(
                reason=f"--types '{written}' is not col=type,col=type.", reason_zh="--types 的写法是 列=类型，列=类型。"
            )
    return {name.strip(): kind.strip() for name, _, kind in pairs}
