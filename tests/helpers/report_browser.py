"""The report page of a small finished study, opened in a real browser."""

from pathlib import Path

import nibabel
import numpy as np

from helpers.chromium import CHROMIUM, Browser
from helpers.needs import not_tested
from helpers.report_study import CAPTIONS, SIZE, finished_study
from mrelevance.reporting.page.page import write_page
from mrelevance.reporting.page.study import Study

SEQUENCES = ("T1", "T2", "FLAIR")
READY = "$('viewer').ariaBusy === 'false' && $('position').textContent !== ''"


def start_browser(profile: Path) -> Browser:
    """A browser, a context manager; skips the test where Chromium is not installed."""
    if CHROMIUM is None:
        not_tested("The report page was not tested: Chromium is not installed.")
    return Browser(profile)


def written(folder: Path, patients: int, largest_mb: float = 60, **changes) -> tuple[Study, Path]:
    """A study of so many patients and its page; `changes` are sections of the configuration."""
    study = finished_study(folder, patients, SEQUENCES, **changes)
    report = study.results / "report"
    write_page(study, CAPTIONS, report / "index.html", report / "patients", largest_mb)
    return study, report / "index.html"


def show(browser: Browser, page: Path) -> None:
    """Open a page, and wait for the slices of its first patient."""
    browser.problems.clear()
    browser.requests.clear()
    browser.open(page)
    browser.run("document.getElementById('patients').scrollIntoView()")
    browser.wait(READY)


def nothing_went_wrong(browser: Browser) -> bool:
    """Whether the console has no error, and the page asked for nothing but files."""
    foreign = [url for url in browser.requests if not url.startswith(("file:", "data:", "blob:"))]
    assert browser.problems == [] and foreign == []
    return True


def choose(browser: Browser, control: str, value: str) -> None:
    """Choose an option, and wait until the viewer has followed."""
    browser.run(
        f"$('{control}').value = '{value}'; $('{control}').dispatchEvent(new Event('change'))"
    )
    browser.wait(READY)


def click(browser: Browser, element: str) -> None:
    """Click an element, given as an expression, and wait until the viewer has followed."""
    browser.run(f"{element}.click()")
    browser.wait(READY)


def voxel(browser: Browser) -> list[int]:
    """The voxel that all panes look at."""
    return browser.run("state.viewer.place().voxel")


def volume(study: Study, path: str) -> np.ndarray:
    """Voxels of a volume of the study's results."""
    return np.asarray(nibabel.load(study.results / path).dataobj)


def pixels(browser: Browser, pane: int) -> np.ndarray:
    """Colours of a pane (X, Y, 4) where the centres of the slice's voxels must be drawn.

    X and Y are in the order in which voxels are stored: from the patient's right, which is the left
    of the picture, and from the front, which is its top.
    """
    values = browser.run(
        f"""(() => {{
            const {{ nv, slice }} = state.viewer.panes[{pane}];
            nv.opts.crosshairWidth = 0;
            nv.opts.isOrientationTextVisible = false;
            nv.drawScene();
            const [left, top, width, height] = nv.screenSlices[0].leftTopWidthHeight;
            const [x0, wide] = [Math.min(left, left + width), Math.abs(width)];
            const found = [];
            const one = new Uint8Array(4);
            for (let i = 0; i < {SIZE[0]}; i++) for (let j = 0; j < {SIZE[1]}; j++) {{
                const x = Math.floor(x0 + (wide * (i + 0.5)) / {SIZE[0]});
                const y = Math.floor(slice.height - top - (height * (j + 0.5)) / {SIZE[1]});
                nv.gl.readPixels(x, y, 1, 1, nv.gl.RGBA, nv.gl.UNSIGNED_BYTE, one);
                found.push([...one]);
            }}
            return found;
        }})()"""
    )
    return np.array(values).reshape(*SIZE[:2], 4)
