from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from mrelevance.runtime.configuration_file import read_configuration
from mrelevance.runtime.errors import InputError

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "name", ["config/config.yaml", "config/open-ms.yaml", "tests/integration/tiny.yaml"]
)
def test_a_configuration_is_what_snakemake_makes_of_it(name):
    expected = yaml.safe_load((PROJECT / "config/config.yaml").read_text())
    update_config(expected, yaml.safe_load((PROJECT / name).read_text()))
    assert read_configuration(PROJECT / name, PROJECT) == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"seed: [1", "is not YAML"),
        (b"seed: \xe9", "is not YAML"),
        (b"- seed", "is not a table of keys and values"),
        (b"", "is not a table of keys and values"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_no_configuration_gives_one_line(tmp_path, content, says):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        read_configuration(path, PROJECT)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_names_its_network_gives_all_arguments(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("network: {name: UNETR, arguments: {feature_size: 8}, divisor: 16}")
    network = read_configuration(path, PROJECT)["network"]
    given = {"name": "UNETR", "arguments": {"feature_size": 8}, "divisor": 16}
    assert network == given | {"source": None, "channels": None, "trust_code": False}
    path.write_text("network: {arguments: {filters: [8, 16, 32, 64]}}")
    arguments = read_configuration(path, PROJECT)["network"]["arguments"]
    assert arguments["filters"] == [8, 16, 32, 64] and arguments["act_name"]
