"""The command line: `shuke COMMAND`; every command works beside a running server and without one."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shuke.doors import asking
from shuke.kit import config, errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shuke.kit.config import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; the exit status. Refusals and outages are sentences on standard error."""
    warnings.filterwarnings(
        "ignore", module="platformdirs"
    )  # remarks of a library on the machine, of no use to anyone here
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options, config.load()))
    except asking.CommandRefused as refusal:
        return _complain(refusal.body)
    except errors.Refused as refusal:
        return _complain(refusal.body())
    except (errors.CannotGoOn, errors.Unavailable) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _complain(body: dict[str, Any]) -> int:
    for words in (body["message"], body.get("cure"), body["message_en"], body.get("cure_en")):
        if words:
            print(words, file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="shuke", description="Shuke 熟客: member points, segments and marketing automation."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _processes(commands)
    _merchants(commands)
    _imports(commands)
    _command(commands, "demo", "load the demonstration merchant, with a year up to yesterday", "demo.load")
    bench = commands.add_parser("bench", help="measure, against a baseline in the same run", add_help=False)
    bench.add_argument(
        "name", choices=("ingest", "ledger", "segments", "living", "flips", "policy", "profiles", "backtest", "mirror")
    )
    bench.add_argument("rest", nargs=argparse.REMAINDER)
    bench.set_defaults(run=_bench)
    api = commands.add_parser("api", help="print the OpenAPI document")
    api.set_defaults(run=_api)
    _command(commands, "status", "how far each merchant is, and its readers", "status")
    _questions(commands)
    return top


def _processes(commands: Any) -> None:
    for name, words in (
        ("up", "everything in one process, with embedded engines unless told otherwise"),
        ("web", "only the web, beside workers (needs SHUKE_DATABASE_URL and SHUKE_MIRROR_URL)"),
        ("worker", "only jobs, relay and mirror, beside web processes"),
    ):
        process = commands.add_parser(name, help=words)
        process.set_defaults(run=_serve)
        if name == "up":
            process.add_argument("--no-demo", action="store_true", help="do not load the demonstration merchant")
    migrate = commands.add_parser("migrate", help="bring the database to the newest schema")
    migrate.set_defaults(run=_migrate)


def _merchants(commands: Any) -> None:
    merchant = commands.add_parser("merchant", help="merchants").add_subparsers(dest="act", required=True)
    create = _command(merchant, "create", "create a merchant", "merchant.create", engines="database")
    create.add_argument("slug")
    create.add_argument("--name", default="")
    create.add_argument("--zone", default="Asia/Shanghai")
    create.add_argument("--owner", help="also create this login for the owner")
    staff = commands.add_parser("staff", help="people who sign in").add_subparsers(dest="act", required=True)
    add = _command(staff, "add", "give somebody a role at a merchant", "staff.add", engines="database")
    add.add_argument("login")
    add.add_argument("--merchant", required=True)
    add.add_argument("--name", default="")
    add.add_argument("--role", default="owner", choices=("owner", "manager", "operator", "clerk"))
    key = commands.add_parser("key", help="API keys").add_subparsers(dest="act", required=True)
    make = _command(key, "create", "create an API key", "key.create", engines="database")
    make.add_argument("name")
    make.add_argument("--merchant", required=True)
    make.add_argument("--scopes", nargs="+", default=["ingest"])


def _imports(commands: Any) -> None:
    command = commands.add_parser("import", help="import a file: CSV, Excel, Parquet, JSON lines")
    command.add_argument("kind", choices=("orders", "members", "products", "events", "refunds"))
    command.add_argument("file", type=Path)
    command.add_argument("--merchant", required=True, metavar="SLUG")
    command.add_argument("--mapping", type=Path, help="a JSON file: our column → theirs")
    command.add_argument("--types", default="", metavar="col=type,…", help="types of attributes or properties")
    command.set_defaults(run=_import)


def _questions(commands: Any) -> None:
    segment = commands.add_parser("segment", help="segments").add_subparsers(dest="act", required=True)
    count = _command(segment, "count", "how many members a rule stands for", "segment.count")
    count.add_argument("--merchant", required=True, metavar="SLUG")
    count.add_argument("--rule", required=True, type=_json_file, metavar="FILE|-", help="the rule as JSON")
    count.add_argument("--as-of", metavar="ISO8601", help="at this instant; without an offset in the merchant's zone")
    count.add_argument("--ids", action="store_true", help="also the members' outside ids, sorted as text")
    profile = commands.add_parser("profile", help="models of members").add_subparsers(dest="act", required=True)
    fit = _command(profile, "fit", "fit a model to the history: parameters, likelihood, convergence", "profile.fit")
    fit.epilog = (
        "Prints one JSON object: parameters (weeks, yuan), log_likelihood, converged and why; worth is the Gamma-Gamma behind the "
        "values; with --ids scores has a row a member, sorted by outside id: repeats, last_weeks, age_weeks, repeat_mean, p_alive, "
        "expected_purchases, purchase_value, expected_value. What could not be fitted is null. Exit 0 also without convergence."
    )
    fit.add_argument("--merchant", required=True, metavar="SLUG")
    fit.add_argument("--model", required=True, choices=("bgnbd", "pareto_nbd", "gamma_gamma"))
    fit.add_argument("--until", metavar="ISO8601", help="as known at this instant; a date alone is the end of that day")
    fit.add_argument("--predict-days", type=_days, default=90, metavar="N", help="expect purchases over N days (90)")
    fit.add_argument("--ids", action="store_true", help="also every member: outside id, P(alive), purchases, value")
    audit = commands.add_parser("audit", help="check the whole ledger; exit 1 when anything differs")
    audit.add_argument("--merchant", metavar="SLUG")
    audit.add_argument("--against", metavar="FILE", type=_text_file, help="daily digests that were kept outside (CSV)")
    audit.set_defaults(run=_audit)
    ledger = commands.add_parser("ledger", help="the ledger of points").add_subparsers(dest="act", required=True)
    replay = ledger.add_parser("replay", help="post a CSV of past movements, each judged as of its own instant")
    replay.add_argument("file", type=Path)
    replay.add_argument("--merchant", required=True, metavar="SLUG")
    replay.add_argument("--as-of", metavar="ISO8601", help="totals at this instant; now unless told otherwise")
    replay.set_defaults(run=_replay)
    mirror = commands.add_parser("mirror", help="the columnar copy").add_subparsers(dest="act", required=True)
    _command(mirror, "status", "how far every merchant is copied", "mirror.status", engines="database")
    for act, words in (("rebuild", "make the copy anew from the log"), ("drain", "wait until all is copied")):
        _command(mirror, act, words, f"mirror.{act}").add_argument("--merchant", metavar="SLUG")


def _days(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 3660:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 1 to 3660")
    return int(text)


def _text_file(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {error}") from error


def _json_file(path: str) -> Any:
    text = _text_file(path)
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{path} is not JSON: {error}") from error


def _audit(options: argparse.Namespace, settings: Settings) -> int:
    if options.against is not None and options.merchant is None:
        raise SystemExit("shuke audit --against needs --merchant: digests belong to one of them.")
    asked = {"merchant": options.merchant, "against": options.against}
    result = carry_out(settings, "audit", asked, "database")
    print(msgspec.json.encode(result).decode())
    return 1 if result["differences"] else 0


def _command(commands: Any, name: str, words: str, does: str, engines: str = "all") -> argparse.ArgumentParser:
    """A command that runs `does` (see doors/commands.py) with its own options as arguments and prints JSON."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=words)
    made.set_defaults(run=_asked, does=does, engines=engines)
    return made


_NOT_ARGUMENTS = {"command", "act", "run", "does", "engines"}


def _asked(options: argparse.Namespace, settings: Settings) -> int:
    arguments = {name: value for name, value in vars(options).items() if name not in _NOT_ARGUMENTS}
    answer = carry_out(settings, options.does, arguments, options.engines)
    print(msgspec.json.encode(answer).decode())
    return 0


def carry_out(settings: Settings, command: str, arguments: dict[str, Any], engines: str = "all") -> Any:
    """Run a command, by the running server or here: with PostgreSQL alone (`database`), or with the mirror (`all`).

    Whoever keeps an embedded engine in this data folder is asked first; a folder without engines tells nothing about the
    databases of the settings.
    """
    if settings.embedded_database or (engines == "all" and settings.embedded_mirror):
        with contextlib.suppress(asking.NobodyListens):
            return asking.ask(settings.home, command, arguments)
    # Every room and both engines: only where nobody else can do it.
    from shuke.doors import control, logs, loop

    logs.configure("warning")
    return loop.run(control.carry_out(settings, command, arguments, columnar=engines == "all"))


def _import(options: argparse.Namespace, settings: Settings) -> int:
    from shuke.doors import importing, logs  # reads files of four formats and writes to the books itself

    logs.configure("warning")
    return importing.import_file(options, settings)


def _replay(options: argparse.Namespace, settings: Settings) -> int:
    from shuke.doors import logs, replaying  # writes to the books itself

    logs.configure("warning")
    return replaying.replay_file(options, settings)


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from shuke.doors import greeting, logs, loop, up  # the whole house
    from shuke.doors.demo import catching_up

    logs.configure("info")
    if options.command != "up" and settings.embedded_database:
        raise config.BadSetting(
            f"`shuke {options.command}` shares its engines with other processes: set SHUKE_DATABASE_URL and SHUKE_MIRROR_URL, "
            "or use `shuke up`, which is everything in one."
        )
    web, work = options.command != "worker", options.command != "web"
    if options.command != "up":
        return loop.serve(up.run(settings, web=web, work=work))
    demo = not options.no_demo
    prepare = catching_up.catch_up if demo else None
    return loop.serve(up.run(settings, greet=greeting.greeter(demo=demo), prepare=prepare))


def _migrate(_: argparse.Namespace, settings: Settings) -> int:
    from shuke.doors import logs, loop
    from shuke.doors.engines import opened  # PostgreSQL and Alembic

    logs.configure("warning")

    async def work() -> int:
        async with opened(settings, columnar=False, pools=(2, 2)):
            print("The schema is the newest. / 数据库结构已是最新。")
        return 0

    return loop.run(work())


def _bench(options: argparse.Namespace, _: Settings) -> int:
    """The benchmarks are beside the package, in the repository."""
    import importlib

    from shuke.doors import logs

    logs.configure("warning")
    try:
        measured = importlib.import_module(f"bench.{options.name}")
    except ModuleNotFoundError as error:
        raise config.BadSetting("`shuke bench` runs in the repository, where the folder bench/ is.") from error
    return int(measured.main(options.rest))


def _api(_: argparse.Namespace, __: Settings) -> int:
    from shuke.doors import document, logs  # every route is described

    logs.configure("warning")
    print(json.dumps(document.describe(), ensure_ascii=False, indent=1, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
