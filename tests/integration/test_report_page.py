"""The report page in a real browser, from a disk, without a network."""

import time

import pytest
from helpers.report_browser import (
    SEQUENCES,
    choose,
    click,
    nothing_went_wrong,
    show,
    start_browser,
    written,
)

# Two regions, one inside the other: all labelled voxels, and the core alone.
TWO_REGIONS = {
    "classes": {"core": 1, "oedema": 2},
    "regions": {"whole tumour": ["core", "oedema"], "core": ["core"]},
    "explained": ["whole tumour", "core"],
    "lesions": None,
    "ignore": [],
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with start_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return written(tmp_path_factory.mktemp("cohort"), 20)


@pytest.fixture
def study(browser, cohort):
    """Twenty patients, whose page is open."""
    study, page = cohort
    if browser.run("location.href") != page.as_uri():
        browser.open(page)
    return study


@pytest.fixture(autouse=True)
def no_problems(browser):
    yield
    assert nothing_went_wrong(browser)


def test_the_answer_comes_first(browser, study):
    answers = browser.run("[...document.querySelectorAll('.answers p')].map((p) => p.innerText)")
    assert answers[0].startswith("FLAIR above all: it accounts for 64 % (95 % interval")
    assert "median of 20 patients" in answers[0]
    assert "Shapley activations. Its shares follow the measurement" in answers[1]
    assert "Do not believe alpha1-beta0 (z+)" in answers[1]
    assert "Not judged yet" in answers[2] and 'make reproduce TARGET="all select"' in answers[2]
    assert "At least 35 test lesions are needed" in answers[2]
    links = "[...document.querySelectorAll('.answer a')].every((a) => $(a.hash.slice(1)))"
    assert browser.run(links)
    # Above the fold, and beside its warnings.
    top = browser.run("[...document.querySelectorAll('.answers article, aside')]"
                      ".map((part) => part.offsetTop)")  # fmt: skip
    assert max(top) < 900 and top[-1] == top[0]
    assert "interval" in browser.run("document.querySelector('dfn .meaning').previousSibling.data")


def test_table_of_shares_can_be_sorted(browser, study):
    names = "[...document.querySelectorAll('#shares tbody th')].map((cell) => cell.textContent)"
    assert browser.run(names) == list(SEQUENCES)
    browser.run("document.querySelectorAll('#shares thead button')[1].click()")
    assert browser.run(names) == ["FLAIR", "T2", "T1"]
    assert browser.run("document.querySelectorAll('#shares thead th')[1].ariaSort") == "descending"
    cells = browser.run(
        "[...document.querySelectorAll('#shares tbody tr')[0].cells].map((cell) => cell.innerText)"
    )
    assert cells[1].startswith("0.64\n[") and cells[2:4] == ["yes", "not judged"]
    assert cells[4].startswith("0.20\n[")


def test_table_of_shares_can_be_copied(browser, study):
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    browser.run("document.querySelector('.copy').click()")
    browser.wait("document.querySelector('.copied').textContent === 'Copied.'")
    heading, *rows = browser.run("navigator.clipboard.readText()").splitlines()
    assert heading.startswith("Sequence\tMeasured share\tUsed?\tCan it go?\t")
    assert len(rows) == 3 and {len(row.split("\t")) for row in rows} == {7}


def test_everything_has_a_name_and_enough_contrast(browser, study):
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "combobox", "slider", "checkbox", "link", "image", "region", "table"}
    unnamed = [
        node
        for node in nodes
        if node.get("role", {}).get("value") in wanted - {"table"}
        and not node.get("ignored")
        and not node.get("name", {}).get("value")
    ]
    assert len(nodes) > 100 and unnamed == []
    alternatives = browser.run("[...document.images].map((image) => image.alt)")
    assert all(len(text) > 40 for text in alternatives)
    ratios = browser.run(
        """(() => {
            const light = (text) => text.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
                .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
                .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
            const ground = (node) => {
                for (; node; node = node.parentElement) {
                    const colour = getComputedStyle(node).backgroundColor;
                    if (!/, 0\\)$/.test(colour)) return colour;
                }
                return "rgb(255, 255, 255)";
            };
            return [...document.querySelectorAll("p, li, a, th, td, small, button, label, h2")]
                .filter((node) => node.innerText && !node.disabled)
                .map((node) => [light(getComputedStyle(node).color), light(ground(node))])
                .map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
        })()"""
    )
    assert len(ratios) > 50 and min(ratios) >= 4.5


def test_words_are_explained_wherever_they_stand(browser, study):
    missing = browser.run(
        """[...document.querySelectorAll(".answers p, .caption, figcaption details")]
            .filter((part) => /\\btau\\b|\\bL1\\b|Kendall's W/.test(part.textContent) &&
                !part.querySelector("dfn"))
            .map((part) => part.textContent)"""
    )
    assert missing == []


def test_figures_and_tables_can_be_downloaded(browser, study, tmp_path):
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    guides = browser.run("document.querySelectorAll('figure details summary').length")
    assert guides == browser.run("document.images.length") > 15
    for button in ("[data-file$='.png']", "[data-file$='.svg']", "[data-file$='.pdf']",
                   "#tables [data-file='pairwise.tsv']", "[data-file='methods.md']"):  # fmt: skip
        name = browser.run(f'document.querySelector("{button}").dataset.file')
        original = next(study.results.rglob(name))
        saved = tmp_path / name
        browser.run(f'document.querySelector("{button}").click()')
        wait_for(saved)
        assert saved.read_bytes() == original.read_bytes()


def wait_for(path, seconds=20):
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)


def test_figures_can_be_enlarged(browser, study):
    width = "document.querySelector('#figures figure img').clientWidth"
    before = browser.run(width)
    browser.run("document.querySelector('#figures .enlarge').click()")
    assert browser.run(width) > 1.8 * before
    assert browser.run("document.querySelector('.enlarge').ariaPressed") == "true"
    browser.run("document.querySelector('#figures .enlarge').click()")
    assert browser.run(width) == before


def test_large_cohorts_have_a_file_for_each_patient(browser, tmp_path):
    _, page = written(tmp_path, 3, largest_mb=0)
    files = sorted(path.name for path in (page.parent / "patients").iterdir())
    assert files == ["P01.js", "P02.js", "P03.js"]
    assert "data-volumes" not in page.read_text().split("<script>")[0]
    show(browser, page)
    click(browser, "$('next')")
    assert browser.run("state.patient === state.volumes.P02")


def test_a_missing_file_of_a_patient_is_named(browser, tmp_path):
    _, page = written(tmp_path, 2, largest_mb=0)
    show(browser, page)
    (page.parent / "patients/P02.js").unlink()
    click(browser, "$('next')")
    assert "keep the folder patients beside this page" in browser.run(
        "$('viewer-problem').innerText"
    )
    # The browser itself reports the file.
    assert len(browser.problems) == 1 and "ERR_FILE_NOT_FOUND" in browser.problems.pop()
    click(browser, "$('previous')")
    assert browser.run("$('viewer-problem').hidden")


@pytest.mark.parametrize("patients", [1, 3])
def test_few_patients_give_no_interval_and_no_verdict(browser, tmp_path, patients):
    _, page = written(tmp_path, patients)
    show(browser, page)
    answers = browser.run("[...document.querySelectorAll('.answers p')].map((p) => p.innerText)")
    assert all("too few to judge" in answer for answer in answers)
    table = browser.run("document.querySelector('.glance').innerText")
    assert "[" not in table and "not judged" in table
    assert "interval " not in " ".join(answers)
    size = "1 test patient" if patients == 1 else "3 test patients"
    assert f"Few data: {size}" in browser.run("document.querySelector('aside').innerText")
    assert browser.run("$('next').disabled && $('previous').disabled") == (patients == 1)


def test_several_regions_take_turns(browser, tmp_path):
    _, page = written(tmp_path, 3, segmentation=TWO_REGIONS)
    show(browser, page)
    visible = "[...document.querySelectorAll('.answer')].filter((part) => !part.hidden).length"
    assert browser.run(visible) == 1
    first = browser.run("document.querySelector('.answer:not([hidden]) p').innerText")
    choose(browser, "region", "core")
    assert browser.run(visible) == 1
    assert browser.run("document.querySelector('.answer:not([hidden]) p').innerText") != first
    assert browser.run("state.region === state.patient.regions.core")


def test_small_windows_do_not_scroll_sideways(browser, study):
    browser.resize(400, 800)
    try:
        browser.wait("document.documentElement.scrollWidth <= 400", 5)
    finally:
        browser.resize(1280, 900)
