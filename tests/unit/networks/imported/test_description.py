"""Descriptions of networks: complete, of the right kinds, and nothing else."""

import json

import pytest
import yaml

from mrelevance.networks.imported.description import complete_description, given_description
from mrelevance.runtime.errors import InputError

SAID = {
    "channels": ["T1", "T2"],
    "outputs": {"background": 0, "tumour": 3},
    "heads": "softmax",
    "preprocessing": [],
    "axes": "zyx",
    "window": [12, 8, 4],
}
REGIONS = {"heads": "sigmoid", "outputs": {"whole": 1, "core": 2}}


def test_a_description_is_completed_with_defaults():
    described = complete_description(SAID, "net.pt")
    assert described.outputs.values == (0, 3)
    assert (described.overlap, described.blending, described.divisor) == (0.5, "gaussian", 1)
    # The network's axes are z, y, x.
    assert described.window == (4, 8, 12)
    assert complete_description(SAID | {"axes": "xyz"}, "net.pt").window == (12, 8, 4)
    assert complete_description(SAID | {"window": "whole"}, "net.pt").window is None


@pytest.mark.parametrize("key", SAID)
def test_what_is_missing_is_named_with_its_meaning(key):
    with pytest.raises(InputError, match=rf"net\.pt does not say: {key} \(\w"):
        complete_description(SAID | {key: None}, "net.pt")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", []),
        ("channels", ["T1", "T1"]),
        ("channels", ["T1", " "]),
        ("channels", "T1"),
        ("channels", ["T1", 2]),
        ("outputs", ["background", "tumour"]),
        ("outputs", {"background": 0, "tumour": 256}),
        ("outputs", {"background": 0, "tumour": -1}),
        ("outputs", {"background": 0, "tumour": True}),
        ("outputs", {"tumour": 1}),
        ("heads", "relu"),
        ("axes", "xzy"),
        ("window", [4, 8]),
        ("window", [4, 8, 0]),
        ("window", "all"),
        ("overlap", 1),
        ("overlap", float("nan")),
        ("overlap", True),
        ("blending", "cubic"),
        ("pad_to_window", "yes"),
        ("divisor", 0),
        ("divisor", 1.5),
        ("preprocessing", "z-score"),
        ("facts", ["none"]),
        ("members", {"other": [1]}),
    ],
)
def test_values_of_other_kinds_are_refused(key, value):
    with pytest.raises(InputError) as raised:
        complete_description(SAID | {key: value}, "net.pt")
    (line,) = str(raised.value).splitlines()
    assert line.startswith("net.pt: ") and key in line


def test_overlapping_regions_need_the_classes_of_each():
    with pytest.raises(InputError, match=r"does not say: members \(label values of each region"):
        complete_description(SAID | REGIONS, "net.pt")
    for wrong in ({"whole": [1]}, {"whole": [1], "core": 1}, {"whole": [1], "core": ["one"]}):
        with pytest.raises(InputError, match="members must be label values of each region"):
            complete_description(SAID | REGIONS | {"members": wrong}, "net.pt")
    members = {"whole": [1, 2], "core": [2]}
    described = complete_description(SAID | REGIONS | {"members": members}, "net.pt")
    assert described.outputs.members == {"whole": (1, 2), "core": (2,)}
    single = SAID | {"heads": "sigmoid", "outputs": {"tumour": 1}}
    assert complete_description(single, "net.pt").outputs.members == {}


@pytest.mark.parametrize(("suffix", "write"), [(".yaml", yaml.safe_dump), (".json", json.dumps)])
def test_it_is_found_beside_the_network_by_its_whole_name(suffix, write, tmp_path):
    (tmp_path / f"net{suffix}").write_text(write({"axes": "xyz"}))
    assert given_description(tmp_path / "net.pt", None, ["a"]) == {
        "axes": "xyz", "channels": ["a"],
    }  # fmt: skip
    (tmp_path / "lesions_v0.3").mkdir()
    (tmp_path / f"lesions_v0.3{suffix}").write_text(write({"axes": "zyx"}))
    assert given_description(tmp_path / "lesions_v0.3", None) == {"axes": "zyx"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("axis: zyx\n", "axis: unknown; the keys are network, channels"),
        ("- zyx\n", "holds no keys and values"),
        ("axes: [\n", "cannot be read"),
        ("axes: !!python/object/apply:os.system ['true']\n", "cannot be read"),
        ("\x00", "cannot be read"),
    ],
)
def test_files_that_hold_something_else_are_refused(text, problem, tmp_path):
    (tmp_path / "net.yaml").write_text(text)
    with pytest.raises(InputError, match=problem) as raised:
        given_description(tmp_path / "net.pt", None)
    assert len(str(raised.value).splitlines()) == 1
