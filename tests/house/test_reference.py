"""The generated documents are up to date, and every setting, permission, announcement and kind is in them."""

import importlib.util
import re
from types import ModuleType

import pytest

from tests.house import tree


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The writer of docs/reference, which is a command and no part of the package."""
    spec = importlib.util.spec_from_file_location("reference", tree.ROOT / "deploy" / "make" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_not_stale(reference) -> None:
    stale = [path.name for path, text in reference.pages() if not path.exists() or path.read_text("utf-8") != text]
    assert not stale, f"run `make docs`: {', '.join(stale)}"


def test_every_setting_is_documented(reference) -> None:
    documented = set(re.findall(r"SHUKE_[A-Z_]+", reference.settings()))
    tree.expect_none(
        f"{name} is not in the docstring of config.Settings" for name in reference.setting_names() - documented
    )


def test_every_permission_has_a_meaning_in_both_languages(reference) -> None:
    described = reference.described_permissions()
    tree.expect_none(
        f"{name} is asked by {', '.join(sorted(by))} and not described in access.PERMISSIONS"
        for name, by in reference.asked_permissions().items()
        if name not in described
    )


def test_every_announcement_says_what_it_says(reference) -> None:
    reference.import_everything()
    wrong = []
    for event in reference.subclasses(reference.events.Event):
        tag = event.__struct_config__.tag
        if not isinstance(tag, str) or not re.fullmatch(r"[a-z][a-z_]+", tag):
            wrong.append(f"{event.__module__}.{event.__name__} has no tag in snake_case")
        if "__doc__" not in vars(event) or not event.__doc__:
            wrong.append(f"{event.__module__}.{event.__name__} does not say what it says")
    tree.expect_none(wrong)
