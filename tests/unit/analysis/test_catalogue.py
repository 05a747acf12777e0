import subprocess
import sys
from collections import Counter
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest
import yaml

from mrelevance.analysis.catalogue import TABLES
from mrelevance.analysis.entry import Entry
from mrelevance.runtime.stages import setting

ROOT = Path(__file__).parents[3]
CAPTIONS = ROOT / "workflow/report"
MADE = [table for entry in TABLES.values() for table in entry.tables]


@pytest.mark.parametrize("step", TABLES)
def test_function_takes_the_inputs_and_settings_of_its_entry(step):
    entry = TABLES[step]
    module, name = entry.function.split(":")
    function = getattr(import_module(module), name)
    assert name == step == entry.name and function.__doc__
    assert set(signature(function).parameters) == {*entry.inputs, *entry.settings}
    assert not set(entry.inputs) & set(entry.settings)


@pytest.mark.parametrize("step", TABLES)
def test_settings_are_keys_of_the_configuration(step):
    configuration = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for key in TABLES[step].settings.values():
        setting(configuration, key)  # a key that does not exist is an error


@pytest.mark.parametrize("step", TABLES)
def test_script_gets_all_that_it_needs_of_an_entry(step):
    entry = TABLES[step]
    again = Entry.from_parameters(entry.to_parameters())
    assert again.inputs == entry.inputs and again.function == entry.function
    assert again.arrays == entry.arrays
    assert [table.name for table in again.tables] == [table.name for table in entry.tables]


def test_tables_have_names_of_their_own_and_steps_read_tables_that_are_made():
    assert max(Counter(table.name for table in MADE).values()) == 1
    files = {table.file for table in MADE}
    for entry in TABLES.values():
        read = {given.path for given in entry.inputs.values()}
        assert {path for path in read if path.startswith("summary/")} <= files


def test_every_table_of_the_report_has_a_caption_and_no_caption_is_left_over():
    shown = {table.caption for table in MADE if table.title}
    assert shown == {path.name for path in CAPTIONS.glob("*_table.rst")}
    assert all(table.category for table in MADE if table.title)


def test_catalogue_is_read_without_any_library():
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import mrelevance.analysis.catalogue\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["mrelevance"]
