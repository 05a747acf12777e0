import json
import subprocess
import sys
from pathlib import Path

import pytest

from mrelevance.runtime.code import PACKAGE, _read_code, code_version, modules_run

SCRIPT = '''"""Plot a line."""
from library.figures.line import plot  # the figure


def main():
    """Do it."""
    from library import late
    return plot(1), late
'''
FILES = {
    "library/__init__.py": "",
    "library/late.py": "value = 1\n",
    "library/unused.py": "value = 1\n",
    "library/deep.py": "def scale(x):\n    return 2 * x\n",
    "library/figures/__init__.py": "colour = 'blue'\n",
    "library/figures/line.py": "from ..deep import scale\n\n\ndef plot(x):\n    return scale(x)\n",
    "library/figures/bars.py": "import library.deep\n",
    "library/deep.toml": "scale = 2\n",
    "library/unused.toml": "scale = 2\n",
    "script.py": SCRIPT,
}


@pytest.fixture
def version(tmp_path):
    """Version of the script after files were changed: `version({path: text})`."""

    def measure(changes=None, script="script.py"):
        for name, text in {**FILES, **(changes or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        code_version.cache_clear()
        _read_code.cache_clear()
        return code_version(tmp_path / script, tmp_path / "library")

    return measure


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("script.py", SCRIPT.replace("plot(1)", "plot(2)")),
        ("library/__init__.py", "value = 1\n"),
        ("library/late.py", "value = 2\n"),
        ("library/deep.py", "def scale(x):\n    return 3 * x\n"),
        ("library/figures/__init__.py", "colour = 'red'\n"),
        ("library/deep.toml", "scale = 3\n"),
        ("library/figures/line.py", FILES["library/figures/line.py"].replace("(x)", "(y)")),
    ],
)
def test_changed_code_changes_the_version(version, path, text):
    assert version({path: text}) != version()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("script.py", SCRIPT.replace("Plot a line", "Draw a line").replace("Do it", "Run")),
        ("script.py", SCRIPT.replace("# the figure", "# another comment")),
        ("library/deep.py", "def scale(x):  # twice\n\n    return (2 *\n            x)\n"),
        ("library/deep.py", 'def scale(x):\n    """Double."""\n    return 2 * x\n'),
        ("library/unused.py", "value = 2\n"),
        ("library/unused.toml", "scale = 3\n"),
        ("library/deep.toml", "# twice\nscale = 2\n"),
        ("library/figures/bars.py", "import library.late\n"),
    ],
)
def test_comments_docstrings_formatting_and_other_modules_do_not_matter(version, path, text):
    assert version({path: text}) == version()


def test_moved_code_changes_the_version(version):
    before = version()
    moved = {"library/late.py": FILES["library/deep.py"], "library/deep.py": "value = 1\n"}
    assert version(moved) != before


def test_notebook_counts_by_its_code_cells(version):
    def notebook(code, text, output):
        return json.dumps(
            {
                "cells": [
                    {"cell_type": "markdown", "source": [text]},
                    {"cell_type": "code", "source": code, "outputs": [output]},
                ]
            }
        )

    code = ["%matplotlib inline\n", "from library.deep import scale\n", "scale(1)"]
    before = version({"paper.ipynb": notebook(code, "Result", "2")}, "paper.ipynb")
    same = version({"paper.ipynb": notebook(code, "A result", "3")}, "paper.ipynb")
    other = version({"paper.ipynb": notebook(["scale(2)"], "Result", "2")}, "paper.ipynb")
    library = version(
        {"paper.ipynb": notebook(code, "Result", "2"), "library/deep.py": "scale = abs\n"},
        "paper.ipynb",
    )
    assert before == same
    assert len({before, other, library}) == 3


def test_code_that_is_not_python_is_an_error(version):
    with pytest.raises(SyntaxError, match=r"deep\.py"):
        version({"library/deep.py": "def scale(x:\n"})


def test_every_imported_module_counts(tmp_path):
    """The files of this package that Python loads are those whose change is noticed."""
    script = tmp_path / "script.py"
    script.write_text("import mrelevance.runtime.images\nimport mrelevance.runtime.logs\n")
    code = (
        "import sys; import mrelevance.runtime.images; import mrelevance.runtime.logs;"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('mrelevance')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded
    assert set(modules_run(script)) == {Path(path) for path in loaded}


def test_a_public_face_counts_where_it_is_used(version):
    face = {"library/figures/__init__.py": "from library.figures.bars import draw\n"}
    other = {"library/figures/bars.py": "draw = abs\n"}
    assert version(face | other) == version(face), "the script imports line from its own module"
    used = {"script.py": "from library.figures import draw\n"} | face
    assert version(used | other) != version(used)


@pytest.mark.parametrize(
    ("script", "module"),
    [
        ("simulate_patient", "runtime/stages"),
        ("import_patient", "cohort/kinds"),
        ("train_network", "runtime/stages"),
        ("train_network", "lrp/composites"),
        ("train_network", "runtime/methods"),
        ("predict_patient", "lrp/composites"),
    ],
)
def test_steps_do_not_run_again_for_what_they_do_not_use(script, module):
    path = PACKAGE / f"{module}.py"
    assert path.is_file()
    assert path not in modules_run(PACKAGE.parents[1] / f"workflow/scripts/{script}.py")
