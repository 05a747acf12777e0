"""Limits of motion correction that contradict each other are named."""

from pathlib import Path

import pytest
import yaml

from mrelevance.runtime.configuration import check_configuration
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.motion_limits import check_limits
from mrelevance.runtime.variants import varied

PROJECT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
QUALITY = CONFIG["motion"]["quality"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"check_error_mm": 3}, "fail_error_mm is 2.0, which is stricter than check_error_mm, 3"),
        ({"fail_coverage": 0.95}, "fail_coverage is 0.95, which is stricter than check_coverage"),
        ({"fail_jacobian": [0.6, 5]}, r"fail_jacobian is \[0.6, 5\], which is stricter"),
        ({"fail_jacobian": [0.2, 1.5]}, r"fail_jacobian is \[0.2, 1.5\], which is stricter"),
        ({"check_jacobian": [2, 0.5]}, r"check_jacobian is \[2, 0.5\]; give the smaller .* first$"),
    ],
)
def test_limits_that_contradict_each_other(changes, says):
    with pytest.raises(InputError, match=says):
        check_limits(QUALITY | changes)


def test_equal_limits_leave_no_room_for_check():
    check_limits(QUALITY | {"check_error_mm": 2, "check_coverage": 0.5, "check_jacobian": [0.2, 5]})


def test_the_configuration_is_refused_before_anything_runs():
    config = varied(CONFIG, {"motion": {"quality": {"fail_error_mm": 0.5}}})
    with pytest.raises(InputError, match=r"motion.quality.fail_error_mm is 0.5, which is stricter"):
        check_configuration(config, PROJECT / "workflow/schemas/config.schema.json")
