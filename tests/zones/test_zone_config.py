"""What can be drawn as a zone or a line, and the sentence on what cannot."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reid.errors import InputError
from reid.zone_config import ZoneConfig, ZonesByCamera, check_zones

SQUARE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]


def zone(**changed: Any) -> dict[str, Any]:
    return {"name": "desk", "purpose": "count", "polygon": SQUARE} | changed


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"polygon": SQUARE[:2]}, "'desk': a polygon needs at least 3 different points, and has 2"),
        ({"polygon": [SQUARE[0], SQUARE[1], SQUARE[0]]}, "at least 3 different points, and has 2"),
        ({"polygon": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]}, "the polygon crosses or touches itself"),
        ({"polygon": [(0.1, 0.1), (0.5, 0.1), (0.9, 0.1)]}, "the polygon crosses or touches itself"),
        ({"polygon": [(12.0, 40.0), *SQUARE]}, r"the point \(12, 40\) is outside the frame; .*divide pixels"),
        ({"polygon": [(-0.1, 0.5), *SQUARE]}, "is outside the frame"),
        ({"polygon": [(0.5 + i / 1000, 0.5) for i in range(101)]}, "has 101 points; 100 is the most"),
        ({"polygon": []}, "needs either a polygon .* or a line"),
        ({"line": SQUARE[:2]}, "needs either a polygon .* or a line"),
        ({"polygon": [], "line": [(0.5, 0.5), (0.5, 0.5)]}, "a line needs at least 2 different points"),
        ({"polygon": [], "line": SQUARE[:2], "purpose": "dwell"}, "a line can only have the purpose count"),
        (
            {"polygon": [], "line": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]},
            "the line crosses itself; draw two lines instead",
        ),
        ({"name": "a\x1b[31m"}, "must be a name of plain characters"),
        ({"name": "in/out"}, "must be a name of plain characters, without /"),
        ({"name": "   "}, "must be a name of plain characters"),
        ({"purpose": "watch"}, "'ignore', 'count' or 'dwell'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as told:
        ZoneConfig.model_validate(zone(**changed))
    assert len(told.value.errors()) == 1


@pytest.mark.parametrize(
    "changed", [{}, {"purpose": "ignore"}, {"purpose": "dwell"}, {"polygon": [], "line": SQUARE[:3]}]
)
def test_what_can_be_drawn_is_kept_as_it_is(changed: dict[str, Any]) -> None:
    made = ZoneConfig.model_validate(zone(**changed))
    assert ZoneConfig.model_validate_json(made.model_dump_json()) == made


def test_two_zones_of_a_camera_need_two_names() -> None:
    by_camera = TypeAdapter(ZonesByCamera)
    assert by_camera.validate_python({"a": [zone()], "b": [zone()]})
    with pytest.raises(ValidationError, match="a has two zones called 'desk'"):
        by_camera.validate_python({"a": [zone(), zone(name=" desk ")]})


def test_a_zone_of_no_camera_is_named() -> None:
    made = {"hall": [ZoneConfig.model_validate(zone())]}
    check_zones(made, ["door", "hall"])
    with pytest.raises(InputError, match="zones: 'hall' is no camera; there are door, yard"):
        check_zones(made, ["door", "yard"])
