"""The site of the documentation, built strictly, with its tutorials executed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> Path:
    for name in ("site", "tutorials"):
        shutil.rmtree(ROOT / "build" / name, ignore_errors=True)
    # This Python has the environment of the study already.
    here = f"INTERPRETER={sys.executable}", f"PYTHON={sys.executable}", "INSTALLED=Makefile"
    done = subprocess.run(
        ["make", "docs", *here], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build/site"


def test_the_site_loads_nothing_from_elsewhere(site):
    for path in site.rglob("*.html"):
        page = path.read_text()
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?(\S+?)[\"\s>]", page)
        loaded += re.findall(r"<link rel=\"?stylesheet\"? href=\"?(\S+?)[\"\s>]", page)
        assert loaded and not [place for place in loaded if place.startswith(("http", "//"))], path
    interface = (site / "reference/api.html").read_text()
    assert 'id="mrelevance.lrp.attribute"' in interface
    assert 'id="mrelevance.lrp.Explainer.region"' in interface
    assert "Raises" in interface or "InputError" in interface


def printed(name: str) -> str:
    """All that an executed tutorial prints."""
    cells = json.loads((ROOT / f"build/tutorials/{name}.ipynb").read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    texts = [output.get("text", output.get("data", {}).get("text/plain")) for output in outputs]
    return "\n".join("".join(text) for text in texts)


def test_a_network_is_explained_as_the_measurement_says(site):
    text = printed("explain-your-network")
    distances = dict(re.findall(r"(\w+): L1 distance to the measurement ([\d.]+)", text))
    assert float(distances["deepshap"]) < 0.3 < 0.6 < float(distances["alpha1_beta0"])
    assert float(re.search(r"Dice ([\d.]+)", text)[1]) > 0.5
    page = (site / "tutorials/explain-your-network.html").read_text()
    for number in (1, 2):
        assert f'src="explain-your-network-{number}.png"' in page
        assert (site / f"tutorials/explain-your-network-{number}.png").stat().st_size > 5000
    assert "<table" in page and (site / "tutorials/explain-your-network.ipynb").is_file()


def test_a_study_is_planned_with_the_numbers_of_the_page_about_it(site):
    text = printed("plan-a-protocol-study")
    page = (ROOT / "docs/selection.md").read_text()
    for margin, one, ten in re.findall(r"^\| \.(05|10|15) \| (\d+)\D*\| (\d+) \|$", page, re.M):
        assert re.search(rf"^0\.{margin} +{one} +{ten}$", text, re.M)
    assert "T1-120s can be left out" in text


def test_a_rule_is_written_that_agrees_with_its_formula(site):
    text = printed("write-a-rule")
    assert "agrees with the formula" in text
    distances = re.search(r"^L1 to measured +(.*)$", text, re.M)[1].split()
    measured, absolute, z_plus, deepshap = map(float, distances)
    assert measured == 0 and deepshap < 0.3 < 0.8 < min(absolute, z_plus)
