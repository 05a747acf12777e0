"""The catalogue, the modules and the captions of the figures agree."""

import inspect
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from mrelevance.figures.catalogue import ENTRIES, FIGURES

PROJECT = Path(__file__).parents[3]
CAPTIONS = PROJECT / "workflow/report"
SETTINGS = {"sequences", "fixed_sequence", "composite", "resamples", "confidence", "seed"}
TARGETS = {"all", "known_answer", "baselines", "motion_effect", "networks", "select"}
# Captions of tables, of pages and of the report itself.
OTHER_CAPTIONS = ("_table", "_verdict", "claim_checklist", "methods", "report_motion", "workflow")


def module_of(name):
    return import_module(f"mrelevance.figures.{name}")


def test_names_are_unique():
    names = Counter(entry.name for entry in ENTRIES)
    assert max(names.values()) == 1 and set(names) == set(FIGURES)
    titles = Counter((entry.category, entry.title) for entry in ENTRIES)
    assert max(titles.values()) == 1


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_draw_takes_what_the_entry_names(entry):
    parameters = inspect.signature(
        import_module(f"mrelevance.figures.{entry.name}").draw
    ).parameters
    assert list(parameters) == [*entry.inputs, *entry.settings]
    assert all(parameter.default is parameter.empty for parameter in parameters.values())
    assert set(entry.settings) <= SETTINGS and entry.target in TARGETS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_caption_says_how_to_read_the_figure(entry):
    caption = (CAPTIONS / f"{entry.name}.rst").read_text()
    assert caption.startswith("**") and "*How to read it.*" in caption
    assert "*What would look wrong.*" in caption


def test_every_caption_of_a_figure_has_an_entry():
    captions = {path.stem for path in CAPTIONS.glob("*.rst")}
    assert {name for name in captions if not name.endswith(OTHER_CAPTIONS)} == set(FIGURES)


def test_every_module_that_draws_has_an_entry():
    modules = {path.stem for path in (PROJECT / "src/mrelevance/figures").glob("*.py")}
    drawing = {name for name in modules if hasattr(module_of(name), "draw")}
    assert drawing == set(FIGURES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_folder_of_a_file_names_its_patient(entry):
    paths = [path for path in entry.inputs.values() if "{patient}" in path]
    assert all(Path(path).parts[1] in ("{patient}", "{patient}{region}") for path in paths)
    wildcards = {"{patient}": "", "{first_patient}": "", "{region}": ""}
    for path in entry.inputs.values():
        for wildcard, nothing in wildcards.items():
            path = path.replace(wildcard, nothing)
        assert "{" not in path


def test_the_catalogue_needs_the_standard_library_alone():
    program = (
        "import sys; from mrelevance.figures.catalogue import FIGURES; "
        "print({name.partition('.')[0] for name in sys.modules} - {*sys.stdlib_module_names})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.strip("{}\n").replace("'", "").split(", ")) <= {"mrelevance", "__main__"}
