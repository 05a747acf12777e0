"""The report page in a real browser, from a disk, without a network."""

import nibabel
import numpy as np
import pytest
from helpers.chromium import CHROMIUM, Browser
from helpers.report_study import CAPTIONS, COMPOSITES, LESIONS, SIZE, finished_study

from mrelevance.reporting.page.page import write_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

SEQUENCES = ("T1", "T2", "FLAIR")
# A class of all patients' names, and one whose region is another.
TWO_REGIONS = {
    "classes": {"core": 1, "oedema": 2},
    "regions": {"whole tumour": ["core", "oedema"], "core": ["core"]},
    "explained": ["whole tumour", "core"],
    "lesions": None,
    "ignore": [],
}
READY = "document.getElementById('position').textContent && state.viewer.panes.length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def written(folder, patients, largest_mb=60, **changes):
    study = finished_study(folder, patients, SEQUENCES, **changes)
    report = study.results / "report"
    write_page(study, CAPTIONS, report / "index.html", report / "patients", largest_mb)
    return study, report / "index.html"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return written(tmp_path_factory.mktemp("cohort"), 20)


@pytest.fixture
def opened(browser, cohort):
    """The page of 20 patients with its viewer ready; afterwards nothing may have gone wrong."""
    study, page = cohort
    show(browser, page)
    yield study
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []


def show(browser, page):
    browser.problems.clear()
    browser.requests.clear()
    browser.open(page)
    browser.run("document.getElementById('patients').scrollIntoView()")
    browser.wait(READY)


def volume(study, path):
    return np.asarray(nibabel.load(study.results / path).dataobj)


def choose(browser, control, value):
    """Choose an option, and wait until the viewer has followed."""
    browser.run(
        f"(() => {{ const c = document.getElementById('{control}'); c.value = '{value}';"
        "c.dispatchEvent(new Event('change')); })()"
    )
    browser.wait("state.viewer.queue.then(() => true)")


def pixels(browser, pane):
    """Grey values of a pane where the centres of the slice's voxels must be drawn.

    (X, Y) in the order in which voxels are stored: from the patient's right, which is the left of
    the picture, and from the front, which is its top.
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


def test_the_answer_comes_first(browser, opened):
    answers = browser.run("[...document.querySelectorAll('.answers p')].map((p) => p.innerText)")
    assert "Mostly on FLAIR with 64 % (95 % interval" in answers[0] and "20 patients" in answers[0]
    assert "Shapley activations follows the measurement" in answers[1]
    assert "Do not believe alpha1-beta0 (z+)" in answers[1]
    assert "Not judged" in answers[2] and 'make reproduce TARGET="all select"' in answers[2]
    assert "at least 35 test lesions; there are 40" in answers[2]
    links = "[...document.querySelectorAll('.answer a')].every((a) => $(a.hash.slice(1)))"
    assert browser.run(links)
    # Above the fold, and beside its warnings.
    top = browser.run("[...document.querySelectorAll('.answers article, aside')]"
                      ".map((part) => part.offsetTop)")  # fmt: skip
    assert max(top) < 900 and top[-1] == top[0]
    assert "interval" in browser.run("document.querySelector('dfn .meaning').previousSibling.data")


def test_every_voxel_is_drawn_in_its_place(browser, opened):
    image = volume(opened, "preprocessed/P01/image.nii")
    choose(browser, "overlay", "")
    browser.run("state.viewer.toSlice(7)")
    windows = browser.run("state.patient.windows")
    for pane, (low, high) in enumerate(windows):
        expected = np.rint(np.clip((image[:, :, 7, pane] - low) / (high - low), 0, 1) * 255)
        drawn = pixels(browser, pane)
        assert np.abs(drawn[..., 0] - expected).max() <= 1
        assert (drawn[..., 0] == drawn[..., 1]).all()


def test_values_at_the_cross_are_those_of_the_volumes(browser, opened):
    image = volume(opened, "preprocessed/P01/image.nii")
    box = LESIONS[1]
    for composite in COMPOSITES:
        choose(browser, "overlay", composite)
        choose(browser, "map", "TP_1")
        relevance = volume(opened, f"relevance/P01/volumes/{composite}/map_TP_1.nii.gz")
        i, j, k = browser.run("state.viewer.place().voxel")
        assert all(side.start <= at < side.stop for side, at in zip(box, (i, j, k), strict=True))
        values = browser.run("state.viewer.values()")
        half = np.abs(relevance).max() / 127 / 2
        for channel, found in enumerate(values):
            low, high = np.percentile(image[..., channel], [0.5, 99.8])
            assert found["value"] == pytest.approx(
                np.clip(image[i, j, k, channel], low, high), abs=0.51 * (high - low) / 255
            )
            assert found["relevance"] == pytest.approx(relevance[i, j, k, channel], abs=1.01 * half)
            shown = browser.run(f"state.viewer.panes[{channel}].output.textContent")
            assert "relevance" in shown and "share" in shown


def test_relevance_is_laid_over_the_slice_and_the_threshold_hides_it(browser, opened):
    choose(browser, "overlay", "deepshap")
    choose(browser, "map", "TP_1")
    relevance = volume(opened, "relevance/P01/volumes/deepshap/map_TP_1.nii.gz")
    scale = browser.run("state.viewer.overlay.data.scale")
    for threshold in (0.1, 0.6):
        browser.run(f"$('threshold').value = {threshold}; $('opacity').value = 1; restyle()")
        k = browser.run("state.viewer.place().voxel[2]")
        drawn = pixels(browser, 1).astype(int)
        coloured = np.ptp(drawn[..., :3], axis=-1) > 20
        shares = np.abs(relevance[:, :, k, 1]) / scale
        clear = np.abs(shares - threshold) > 0.02
        assert (coloured == (shares > threshold))[clear].all()
        for_tumour = coloured & (relevance[:, :, k, 1] > 0)
        assert (drawn[for_tumour][:, 0] > drawn[for_tumour][:, 2]).all()


def test_outlines_run_along_the_edges_of_label_and_prediction(browser, opened):
    browser.run("$('show-prediction').click(); state.viewer.toSlice(5)")
    box = LESIONS[1]
    # Colour just at the outer edges of the first lesion, and none at its centre.
    found = browser.run(
        f"""(() => {{
            const {{ nv, outlines }} = state.viewer.panes[0];
            const [left, top, width, height] = nv.screenSlices[0].leftTopWidthHeight;
            const at = (i, j) => outlines.getContext("2d").getImageData(
                Math.round(Math.min(left, left + width) + (Math.abs(width) * i) / {SIZE[0]}),
                Math.round(top + (height * j) / {SIZE[1]}), 1, 1).data[3];
            const [x, y] = [{(box[0].start + box[0].stop) / 2}, {(box[1].start + box[1].stop) / 2}];
            return [at({box[0].start}, y), at({box[0].stop}, y), at(x, {box[1].start}),
                at(x, {box[1].stop}), at(x, y), at({box[0].stop + 1}, y)];
        }})()"""
    )
    assert min(found[:4]) > 0 and found[4:] == [0, 0]
    browser.run("$('show-label').click()")
    assert not browser.run(
        "state.viewer.panes.some(({ outlines: o }) => "
        "o.getContext('2d').getImageData(0, 0, o.width, o.height).data.some((v) => v))"
    )


def test_all_sequences_follow_the_keyboard(browser, opened):
    browser.run("state.viewer.panes[1].slice.focus()")
    before = browser.run("state.viewer.place().voxel[2]")
    browser.press("ArrowDown")
    assert browser.run("state.viewer.place().voxel[2]") == before - 1
    browser.press("+")
    places = browser.run(
        "state.viewer.panes.map(({ nv }) => [[...nv.scene.crosshairPos], [...nv.scene.pan2Dxyzmm]])"
    )
    assert places[0] == places[1] == places[2]
    assert places[0][1][3] == 1.25
    assert f"slice {before} of {SIZE[2]}" in browser.run("$('position').textContent")


def test_a_lesion_and_a_patient_are_a_click_away(browser, opened):
    browser.run("panel().querySelectorAll('button[data-place]')[2].click()")
    browser.wait("state.viewer.queue.then(() => $('map').value === 'FN_2')")
    voxel = browser.wait("state.viewer.queue.then(() => state.viewer.place().voxel)")
    assert all(s.start <= at < s.stop for s, at in zip(LESIONS[2], voxel, strict=True))
    browser.run("$('next').click()")
    browser.wait("state.patient === state.volumes.P02 && state.viewer.queue.then(() => true)")
    image = volume(opened, "preprocessed/P02/image.nii")
    i, j, k = browser.run("state.viewer.place().voxel")
    low, high = browser.run("state.patient.windows[0]")
    assert browser.run("state.viewer.values()[0].value") == pytest.approx(
        np.clip(image[i, j, k, 0], low, high), abs=(high - low) / 255
    )
    assert browser.run("document.querySelectorAll('.patient:not([hidden])').length") == 1


def test_table_of_shares_can_be_sorted(browser, opened):
    names = "[...document.querySelectorAll('#shares tbody th')].map((cell) => cell.textContent)"
    assert browser.run(names) == list(SEQUENCES)
    browser.run("document.querySelectorAll('#shares thead button')[1].click()")
    assert browser.run(names) == ["FLAIR", "T2", "T1"]
    assert browser.run("document.querySelectorAll('#shares thead th')[1].ariaSort") == "descending"
    cells = browser.run("[...document.querySelectorAll('#shares tbody tr')[0].cells]"
                        ".map((cell) => cell.textContent)")  # fmt: skip
    assert cells[1].startswith("0.64 [") and cells[2] == "yes" and cells[3].startswith("0.20 [")


def test_everything_has_a_name_and_enough_contrast(browser, opened):
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


def test_words_are_explained_wherever_they_stand(browser, opened):
    missing = browser.run(
        """[...document.querySelectorAll(".answers p, .caption, figcaption details")]
            .filter((part) => /\\btau\\b|\\bL1\\b|Kendall's W/.test(part.textContent) &&
                !part.querySelector("dfn"))
            .map((part) => part.textContent)"""
    )
    assert missing == []


def test_figures_can_be_read_and_downloaded(browser, opened):
    guides = browser.run("document.querySelectorAll('figure details summary').length")
    assert guides == browser.run("document.images.length") > 15
    text = browser.run("unpacked(document.querySelector('[data-file$=\".svg\"]').dataset.packed)"
                       ".then((buffer) => new TextDecoder().decode(buffer))")  # fmt: skip
    assert text.startswith("<svg")


def test_large_cohorts_have_a_file_for_each_patient(browser, tmp_path):
    study, page = written(tmp_path, 3, largest_mb=0)
    files = sorted(path.name for path in (page.parent / "patients").iterdir())
    assert files == ["P01.js", "P02.js", "P03.js"]
    assert "data-volumes" not in page.read_text().split("<script>")[0]
    show(browser, page)
    browser.run("$('next').click()")
    browser.wait("state.patient && state.patient === state.volumes.P02")
    assert browser.problems == []


def test_one_patient_gives_no_interval(browser, tmp_path):
    _, page = written(tmp_path, 1)
    show(browser, page)
    answers = browser.run("[...document.querySelectorAll('.answers p')].map((p) => p.innerText)")
    assert "In 1 test patient" in answers[0] and "interval " not in answers[0]
    assert "Not judged" in answers[1]
    assert "Few data: 1 test patient" in browser.run("document.querySelector('aside').innerText")
    assert browser.run("$('next').disabled && $('previous').disabled")
    assert browser.problems == []


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
    assert browser.problems == []


def test_small_windows_do_not_scroll_sideways(browser, opened):
    browser.resize(400, 800)
    try:
        browser.wait("document.documentElement.scrollWidth <= 400", 5)
    finally:
        browser.resize(1280, 900)
