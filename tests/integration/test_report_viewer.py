"""The slice viewer of the report page in a real browser, from a disk, without a network."""

import numpy as np
import pytest
from helpers.report_browser import (
    choose,
    click,
    nothing_went_wrong,
    pixels,
    show,
    start_browser,
    volume,
    voxel,
    written,
)
from helpers.report_study import COMPOSITES, LESIONS, SIZE


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with start_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def study(browser, tmp_path_factory):
    """Twenty patients, whose page is open."""
    study, page = written(tmp_path_factory.mktemp("cohort"), 20)
    show(browser, page)
    return study


@pytest.fixture(autouse=True)
def no_problems(browser):
    yield
    assert nothing_went_wrong(browser)


def test_every_voxel_is_drawn_in_its_place(browser, study):
    image = volume(study, "preprocessed/P01/image.nii")
    choose(browser, "overlay", "")
    browser.run("state.viewer.toSlice(7)")
    windows = browser.run("state.patient.windows")
    for pane, (low, high) in enumerate(windows):
        expected = np.rint(np.clip((image[:, :, 7, pane] - low) / (high - low), 0, 1) * 255)
        drawn = pixels(browser, pane)
        assert np.abs(drawn[..., 0] - expected).max() <= 1
        assert (drawn[..., 0] == drawn[..., 1]).all()


def test_values_at_the_cross_are_those_of_the_volumes(browser, study):
    image = volume(study, "preprocessed/P01/image.nii")
    click(browser, "panel().querySelectorAll('button[data-place]')[1]")
    for composite in COMPOSITES:
        choose(browser, "overlay", composite)
        assert browser.run("$('map').value") == "TP_1"
        relevance = volume(study, f"relevance/P01/volumes/{composite}/map_TP_1.nii.gz")
        i, j, k = voxel(browser)
        assert inside((i, j, k), LESIONS[1])
        values = browser.run("state.viewer.values()")
        half = float(np.abs(relevance).max()) / 127 / 2
        for channel, found in enumerate(values):
            low, high = np.percentile(image[..., channel], [0.5, 99.8])
            assert found["value"] == pytest.approx(
                np.clip(image[i, j, k, channel], low, high), abs=0.51 * (high - low) / 255
            )
            assert found["relevance"] == pytest.approx(relevance[i, j, k, channel], abs=1.01 * half)
            shown = browser.run(f"state.viewer.panes[{channel}].output.textContent")
            assert "relevance" in shown and "share" in shown


def test_relevance_is_laid_over_the_slice_and_the_threshold_hides_it(browser, study):
    choose(browser, "overlay", "deepshap")
    choose(browser, "map", "TP_1")
    relevance = volume(study, "relevance/P01/volumes/deepshap/map_TP_1.nii.gz")
    scale = browser.run("state.viewer.overlay.data.scale")
    for threshold in (0.1, 0.6):
        browser.run(f"$('threshold').value = {threshold}; $('opacity').value = 1; restyle()")
        k = voxel(browser)[2]
        drawn = pixels(browser, 1).astype(int)
        coloured = np.ptp(drawn[..., :3], axis=-1) > 20
        shares = np.abs(relevance[:, :, k, 1]) / scale
        clear = np.abs(shares - threshold) > 0.02
        assert (coloured == (shares > threshold))[clear].all()
        for_tumour = coloured & (relevance[:, :, k, 1] > 0)
        assert (drawn[for_tumour][:, 0] > drawn[for_tumour][:, 2]).all()


def test_outlines_run_along_the_edges_of_label_and_prediction(browser, study):
    browser.run("state.viewer.zoom(1); state.viewer.toSlice(5)")
    # The first lesion is predicted too, the second is missed.
    for shown, lesions in ({"label"}, (1, 2)), ({"prediction"}, (1,)), (set(), ()):
        for kind in ("label", "prediction"):
            if browser.run(f"$('show-{kind}').checked") != (kind in shown):
                browser.run(f"$('show-{kind}').click()")
        for number, box in LESIONS.items():
            edges, elsewhere = outline_of(browser, box)
            assert (edges > 0).all() == (number in lesions)
            assert not (edges > 0).any() or number in lesions
            assert not elsewhere.any()


def outline_of(browser, box):
    """How opaque outlines are along the edges of a box, by edge, and at its centre and outside."""
    (x0, x1), (y0, y1) = [(side.start, side.stop) for side in box[:2]]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    points = [(x0, y), (x1, y), (x, y0), (x, y1), (x, y), (x1 + 1, y), (x, y1 + 1)]
    # Dashes have gaps: along each edge, look half a voxel to both sides.
    found = browser.run(
        f"""(() => {{
            const {{ nv, outlines }} = state.viewer.panes[0];
            const [left, top, width, height] = nv.screenSlices[0].leftTopWidthHeight;
            const [wide, high] = [Math.abs(width) / {SIZE[0]}, height / {SIZE[1]}];
            const copy = new OffscreenCanvas(outlines.width, outlines.height);
            const pixels = copy.getContext("2d", {{ willReadFrequently: true }});
            pixels.drawImage(outlines, 0, 0);
            return {[list(point) for point in points]}.map(([i, j]) => {{
                const [x, y] = [Math.min(left, left + width) + wide * i, top + high * j];
                return Math.max(...pixels.getImageData(x - wide / 3, y - high / 3, 2 * wide / 3,
                    2 * high / 3).data.filter((_, k) => k % 4 === 3));
            }});
        }})()"""
    )
    return np.array(found[:4]), np.array(found[4:])


def test_all_sequences_follow_the_keyboard(browser, study):
    browser.run("state.viewer.panes[1].slice.focus()")
    before = voxel(browser)[2]
    browser.press("ArrowDown")
    assert voxel(browser)[2] == before - 1
    browser.press("+")
    places = browser.run(
        "state.viewer.panes.map(({ nv }) => [[...nv.scene.crosshairPos], [...nv.scene.pan2Dxyzmm]])"
    )
    assert places[0] == places[1] == places[2]
    assert places[0][1][3] == 1.25
    assert f"slice {before} of {SIZE[2]}" in browser.run("$('position').textContent")


def test_the_pointer_scrolls_and_moves_the_cross(browser, study):
    browser.run("$('viewer').scrollIntoView(); state.viewer.zoom(1); state.viewer.toSlice(5)")
    box = browser.run(
        "(({ left, top, width, height }) => [left, top, width, height])"
        "(state.viewer.panes[2].slice.getBoundingClientRect())"
    )
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    browser.mouse("mouseMoved", x, y)
    browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100)
    browser.wait("state.viewer.place().voxel[2] !== 5")
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x, y, button="left", clickCount=1)
    i, j, _ = voxel(browser)
    assert abs(i - SIZE[0] / 2) <= 1 and abs(j - SIZE[1] / 2) <= 1
    places = browser.run("state.viewer.panes.map(({ nv }) => [...nv.scene.crosshairPos])")
    assert places[0] == places[1] == places[2]


def test_planes_and_windows_are_those_of_all_sequences(browser, study):
    for plane, axis in (("coronal", 1), ("sagittal", 0), ("axial", 2)):
        choose(browser, "plane", plane)
        assert browser.run("Number($('slice').max)") == SIZE[axis] - 1
    browser.run("$('high').value = 0.5; $('high').dispatchEvent(new Event('input'))")
    assert browser.run("state.viewer.panes.map(({ nv }) => nv.volumes[0].cal_max)") == [127.5] * 3
    browser.run("$('reset').click()")
    assert browser.run("state.viewer.panes.map(({ nv }) => nv.volumes[0].cal_max)") == [255] * 3


def test_a_lesion_is_a_click_away(browser, study):
    click(browser, "panel().querySelectorAll('button[data-place]')[2]")
    assert browser.run("$('map').value") == "FN_2"
    assert inside(voxel(browser), LESIONS[2])
    assert browser.run("panel().querySelector('tr.chosen button').textContent") == (
        "lesion 2, missed"
    )


def inside(place, box):
    return all(side.start <= at < side.stop for side, at in zip(box, place, strict=True))


def test_a_patient_is_a_click_away(browser, study):
    click(browser, "$('next')")
    image = volume(study, "preprocessed/P02/image.nii")
    i, j, k = voxel(browser)
    low, high = browser.run("state.patient.windows[0]")
    assert browser.run("state.viewer.values()[0].value") == pytest.approx(
        np.clip(image[i, j, k, 0], low, high), abs=(high - low) / 255
    )
    assert browser.run("document.querySelectorAll('.patient:not([hidden])').length") == 1
    choose(browser, "patient", "P20")
    assert browser.run("$('next').disabled && Object.keys(state.volumes).join() === 'P20'")
    choose(browser, "patient", "P01")
