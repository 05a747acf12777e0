"""The library works where nothing is installed but PyTorch and what PyTorch needs."""

import ast
import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from helpers.distributions import needed_by

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests/helpers/explain_alone.py"


@pytest.fixture
def torch_alone(tmp_path: Path) -> Path:
    """A folder of links to the installed files of PyTorch and its requirements."""
    for name in needed_by(["torch"]):
        package = distribution(name)
        for top in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
            link = tmp_path / top
            if not link.exists():
                link.symlink_to(package.locate_file(top))
    return tmp_path


def test_explains_a_network_with_pytorch_alone(torch_alone):
    start = (
        "import runpy, sys; "
        f"sys.path += [{str(torch_alone)!r}, {str(ROOT / 'src')!r}]; "
        f"runpy.run_path({str(SCRIPT)!r})"
    )
    # Isolated (-I) and without site-packages (-S): only the standard library is left.
    command = [sys.executable, "-I", "-S", "-c", start]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    imported = json.loads(run.stdout)
    ours = {name for name in imported if name.startswith("mrelevance.")}
    allowed = ("mrelevance.lrp", "mrelevance.runtime.errors")
    assert {name for name in ours if not name.startswith(allowed)} == {"mrelevance.runtime"}
    assert not {"numpy", "monai", "pandas"} & set(imported)


def test_source_imports_pytorch_and_the_errors_alone():
    """Also inside functions, which the explanation above may not have called."""
    for path in (ROOT / "src/mrelevance/lrp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module]
            else:
                continue
            for module in modules:
                standard = module.split(".")[0] in sys.stdlib_module_names
                ours = module.startswith(("mrelevance.lrp", "mrelevance.runtime.errors"))
                torch = module.split(".")[0] == "torch"
                # Quantus works on arrays; nothing else imports its adapter.
                adapter = path.name == "quantus.py" and module == "numpy"
                assert standard or ours or torch or adapter, f"{path.name} imports {module}"
