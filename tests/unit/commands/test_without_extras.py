"""The command line where only the library is installed."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"


def test_a_missing_package_is_named_with_the_remedy():
    # Isolated and without site-packages (-I -S): only the standard library is left.
    start = f"import sys; sys.path.append({str(SOURCE)!r}); import mrelevance.__main__"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("Error: the package ") and "'mrelevance[workflow]'" in line


def test_a_package_that_is_missed_late_is_named_too(tmp_path):
    start = (
        f"import sys; sys.path.append({str(SOURCE)!r}); sys.modules['yaml'] = None; "
        "import mrelevance.__main__ as line; "
        f"sys.exit(line.main(['check', {str(tmp_path / 'config.yaml')!r}]))"
    )
    (tmp_path / "config.yaml").write_text("")
    run = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert "the package yaml is not installed" in run.stderr
