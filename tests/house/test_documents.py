"""The documents: links lead somewhere, decisions name their test, words come in pairs, no machine is named."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.house import tree

PAGES = [path for path in tree.files() if path.suffix == ".md"]
WEB = tree.ROOT / "web"
DECISIONS = sorted((tree.ROOT / "docs" / "decisions").glob("*.md"))
FIXED_PAIRS = {"points": "积分", "growth": "成长值", "redeem": "核销", "outreach": "触达", "segment": "分群"}


def _where(page: Path) -> str:
    return page.relative_to(tree.ROOT).as_posix()


def test_links_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{_where(page)} → {target}")
    tree.expect_none(broken)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_half_a_page_and_names_what_enforces_it(page) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem[:4]} "), "a decision starts with its number"
    assert text.count("\n") <= 45, "half a page"
    last = text.strip().split("\n\n")[-1]
    assert last.startswith("**Enforced by**"), "a decision ends with the test that enforces it"
    named = re.findall(r"`((?:tests|migrations)/[^`]+|\.importlinter)`", last)
    tree.expect_none(f"{_where(page)} names {path}" for path in named if not (tree.ROOT / path).exists())


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def words() -> list[tuple[str, str, str]]:
    """The rows of the glossary: English, Chinese, words not used."""
    lines = (tree.ROOT / "docs" / "words.md").read_text(encoding="utf-8").splitlines()
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|"))
    return [(row[0], row[1], row[3]) for row in cells if row[0] not in {"English", "---"}]


def test_words_come_in_pairs_and_stand_once() -> None:
    rows = words()
    wrong = [f"{english}: no pair" for english, chinese, _ in rows if not english or not re.search("[一-鿿]", chinese)]
    for column in (0, 1):
        seen = [row[column] for row in rows]
        wrong += [f"{word} stands twice" for word in set(seen) if seen.count(word) > 1]
    tree.expect_none(wrong)
    pairs = {english: chinese for english, chinese, _ in rows}
    assert {english: pairs.get(english) for english in FIXED_PAIRS} == FIXED_PAIRS


def test_texts_do_not_use_the_words_we_gave_up() -> None:
    """The Chinese words of the last column of words.md, in code and on screens."""
    gone = {word: english for english, _, unused in words() for word in re.findall("[一-鿿]+", unused)}
    pattern = re.compile("|".join(sorted(gone, key=len, reverse=True)))
    texts = [module.path for module in tree.modules()]
    texts += [path for path in tree.files() if path.suffix in {".ts", ".vue"} and WEB in path.parents]
    tree.expect_none(
        f"{_where(path)}:{number} says {found[0]}; the word is under {gone[found[0]]} in docs/words.md"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := pattern.search(line))
    )


def test_every_page_for_merchants_is_in_both_languages() -> None:
    pages = {_where(page) for page in PAGES}
    asked = {"README.md", *(name for name in pages if name.startswith("docs/guides/"))}
    english = {name for name in asked if not name.endswith(".zh.md")}
    tree.expect_none(f"{name} has no Chinese page" for name in english if name[:-3] + ".zh.md" not in pages)


MACHINE = re.compile(r"(?<![\w.])/(?:tmp|work|root|home)/(?!shuke-)|/Users/|[a-z]:\\Users|https?://(?:\d+\.){3}\d+")
REGISTRY = re.compile(r"https?://[^\s\"')]*(?:pypi|pythonhosted|npmjs|npmmirror|simple/)[^\s\"')]*")
LOOPBACK = re.compile(r"https?://127\.0\.0\.1")
LOCKED_FROM = re.compile(r"https://(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org)(?:/|$)")


def _tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=tree.ROOT, capture_output=True, text=True, check=False)
    names = done.stdout.split("\0") if done.returncode == 0 else []
    return [tree.ROOT / name for name in names if name and (tree.ROOT / name).is_file()]


def test_nothing_names_a_machine_or_a_registry() -> None:
    """A clone works anywhere: no paths of a developer's machine, no addresses of a package mirror."""
    found = []
    for path in _tracked():
        if path.suffix in {".png", ".gz", ".xlsx", ".parquet", ".woff2", ".ico"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name in {"uv.lock", "package-lock.json"}:
            wrong = [url for url in set(REGISTRY.findall(text)) if not LOCKED_FROM.match(url)]
        else:
            wrong = [*MACHINE.findall(LOOPBACK.sub("", text)), *REGISTRY.findall(text)]
        found += [f"{_where(path)} names {word}" for word in sorted(set(wrong))]
    tree.expect_none(found)
