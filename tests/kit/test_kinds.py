"""Open families: typed parameters, refusals that name the place, and a schema that draws the form."""

from typing import Annotated, Any

import msgspec
import pytest

from shuke.kit import kinds
from shuke.kit.kinds import Sentence


class Whistle:
    """A kind for this test."""

    code = "whistle"
    name = Sentence(zh="吹哨", en="Whistle")

    class Params(msgspec.Struct, forbid_unknown_fields=True):
        """How often."""

        times: Annotated[int, msgspec.Meta(ge=1, title="次数")] = 1

    def sentence(self, params: Any) -> Sentence:
        return Sentence(zh=f"吹 {params.times} 声", en=f"whistle {params.times} times")


@pytest.fixture
def family() -> kinds.Family[Whistle]:
    return kinds.Family("signal", "信号", [Whistle()])


def test_parameters_are_typed(family: kinds.Family[Whistle]) -> None:
    params = family.parameters("whistle", {"times": 3})
    assert family.get("whistle").sentence(params) == Sentence(zh="吹 3 声", en="whistle 3 times")


@pytest.mark.parametrize("raw", [{"times": 0}, {"times": "three"}, {"loud": True}, [], None])
def test_what_does_not_fit_is_refused(family: kinds.Family[Whistle], raw: object) -> None:
    with pytest.raises(kinds.BadParameters) as refusal:
        family.parameters("whistle", raw)
    assert refusal.value.http_status == 422
    assert refusal.value.field == "params"


def test_an_unknown_kind_is_refused_with_the_known_ones(family: kinds.Family[Whistle]) -> None:
    with pytest.raises(kinds.UnknownKind) as refusal:
        family.get("trumpet")
    assert refusal.value.message_en.startswith('There is no signal kind "trumpet"; known are: whistle')
    assert refusal.value.message_zh.startswith("没有「trumpet」这种信号，可用的有：whistle")


def test_the_family_describes_itself(family: kinds.Family[Whistle]) -> None:
    [described] = family.describe()
    assert described["code"] == "whistle"
    assert described["name"] == {"zh": "吹哨", "en": "Whistle"}
    assert "times" in msgspec.json.encode(described["schema"]).decode()


def test_two_kinds_cannot_share_a_code() -> None:
    with pytest.raises(AssertionError):
        kinds.Family("signal", "信号", [Whistle(), Whistle()])
