"""The site of the documentation, built strictly."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere():
    shutil.rmtree(ROOT / "build/site", ignore_errors=True)
    done = subprocess.run(
        ["make", "docs", f"INTERPRETER={sys.executable}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    site = ROOT / "build/site"
    for path in site.rglob("*.html"):
        page = path.read_text()
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?(\S+?)[\"\s>]", page)
        loaded += re.findall(r"<link rel=\"?stylesheet\"? href=\"?(\S+?)[\"\s>]", page)
        assert loaded and not [place for place in loaded if place.startswith(("http", "//"))], path
    interface = (site / "reference/api.html").read_text()
    assert 'id="mrelevance.lrp.attribute"' in interface
    assert 'id="mrelevance.lrp.Explainer.region"' in interface
    assert "Raises" in interface or "InputError" in interface
