"""Size and opening time of a study's report page, in a headless Chromium.

python benchmarks/report_page.py results/report/index.html
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from helpers.chromium import Browser
from helpers.report_browser import READY

page = Path(sys.argv[1])
files = [page, *(page.parent / "patients").glob("*.js")]
with tempfile.TemporaryDirectory() as profile, Browser(Path(profile)) as browser:
    loaded = browser.open(page)
    start = time.monotonic()
    browser.run("document.getElementById('patients').scrollIntoView()")
    browser.wait(READY)
    slices = time.monotonic() - start
print(f"{page.stat().st_size / 1e6:.1f} MB, with {len(files) - 1} files of patients beside it")
print(f"{loaded:.1f} s until the page is loaded, {slices:.1f} s more until slices are drawn")
