"""The benchmark for GPUs runs to its end without one, and without the libraries of the workflow."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = """
import runpy, sys
for name in ("SimpleITK", "pandas", "nibabel", "captum"):
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1] + "/src")
sys.argv = ["gpu.py", "--small"]
runpy.run_path({script!r}, run_name="__main__")
"""


def test_small_form_runs_and_agrees():
    script = BLOCK.format(script=str(ROOT / "benchmarks/gpu.py"))
    command = [sys.executable, "-W", "ignore", "-c", script, str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:] + result.stdout[-2000:]
    table = json.loads(result.stdout.splitlines()[-1])
    assert {row["part"] for row in table["rows"]} == {
        "CPU and device agree", "time", "memory limit", "training step",
    }  # fmt: skip
    assert all(row["ok"] for row in table["rows"])
    tiles = [row for row in table["rows"] if row["part"] == "memory limit"]
    assert any("tiles of" in row["what"] for row in tiles)
    assert all(row["difference"] <= 1e-4 for row in tiles)
    assert "| part | network | what |" in result.stdout
