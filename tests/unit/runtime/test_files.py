"""Files are written completely or not at all, whatever happens meanwhile."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch
from helpers.storage import read_only, small_disk
from matplotlib.figure import Figure

from mrelevance.figures.style import save_as
from mrelevance.runtime.errors import StorageError
from mrelevance.runtime.files import (
    check_writable,
    read_rows,
    read_table,
    sha256,
    write_json,
    write_table,
    written_whole,
)
from mrelevance.runtime.images import write_image

PROJECT = Path(__file__).parents[3]
NOISE = np.random.default_rng(1).normal(size=(20, 30, 40))


def transform():
    field = sitk.GetImageFromArray(np.stack([NOISE] * 3, -1), isVector=True)
    return sitk.DisplacementFieldTransform(field)


def figure():
    drawn = Figure()
    drawn.subplots().plot(NOISE.ravel(), NOISE.ravel()[::-1])
    return drawn


def through_library(write):
    """Make a writer of a library's function by wrapping it in `written_whole`."""

    def writer(path):
        with written_whole(path) as beside:
            write(beside)

    return writer


# Each writes more than fits on the full disk below.
WRITERS = {
    "table.tsv": lambda path: write_table(pd.DataFrame({"value": NOISE.ravel()}), path),
    "document.json": lambda path: write_json({"values": NOISE.ravel().tolist()}, path),
    "image.nii.gz": lambda path: write_image(sitk.GetImageFromArray(NOISE), path),
    "image.nii": lambda path: write_image(sitk.GetImageFromArray(NOISE), path),
    "weights.pt": through_library(lambda path: torch.save(torch.from_numpy(NOISE), path)),
    "transform.h5": through_library(lambda path: sitk.WriteTransform(transform(), str(path))),
    "text.md": through_library(lambda path: path.write_text("x" * 10**5)),
    "figure.png": lambda path: save_as(figure(), path),
    "figure.svg": lambda path: save_as(figure(), path),
    "figure.pdf": lambda path: save_as(figure(), path),
}
every_writer = pytest.mark.parametrize("name", WRITERS)


@every_writer
def test_a_full_disk_is_named_and_nothing_is_left(name, tmp_path):
    with small_disk(tmp_path / "disk", 64) as folder:
        (folder / "filler").write_bytes(bytes(56 * 1024))
        with pytest.raises(StorageError) as error:
            WRITERS[name](folder / name)
        assert str(error.value) == (
            f"{folder / name} cannot be written: No space left on device; "
            "make room on this disk, then run again"
        )
        assert [path.name for path in folder.iterdir()] == ["filler"]


@every_writer
def test_an_existing_file_survives_a_full_disk(name, tmp_path):
    with small_disk(tmp_path / "disk", 64) as folder:
        (folder / name).write_text("whole")
        with pytest.raises(StorageError):
            WRITERS[name](folder / name)
        assert (folder / name).read_text() == "whole"


@every_writer
def test_a_read_only_folder_is_named(name, tmp_path):
    (tmp_path / "folder").mkdir()
    with (
        read_only(tmp_path / "folder") as folder,
        pytest.raises(StorageError, match=r"Read-only file system; make the folder writable") as e,
    ):
        WRITERS[name](folder / name)
    assert str(e.value).startswith(str(tmp_path / "folder" / name))


@every_writer
def test_what_fits_is_written(name, tmp_path):
    WRITERS[name](tmp_path / "new" / name)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_a_truncated_image_is_an_error(tmp_path, monkeypatch):
    whole = sitk.WriteImage

    def cut_short(image, path, **options):
        whole(image, path, **options)
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[: len(content) // 2])

    monkeypatch.setattr(sitk, "WriteImage", cut_short)
    for name in ("image.nii", "image.nii.gz"):
        with pytest.raises(RuntimeError, match="shorter than its image"):
            write_image(sitk.GetImageFromArray(NOISE), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(5, 6, 7), (3, 5, 6, 7)])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["image.nii", "image.nii.gz"])
def test_whole_images_of_every_kind_are_recognised(name, kind, shape, tmp_path):
    values = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    image = sitk.GetImageFromArray(values, isVector=False)
    write_image(image, tmp_path / name)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name))), values)
    write_image(sitk.GetImageFromArray(values, isVector=True), tmp_path / name)


def test_other_errors_of_the_writer_are_raised_unchanged(tmp_path):
    with pytest.raises(ZeroDivisionError), written_whole(tmp_path / "file") as beside:
        beside.write_text("half")
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "file"):
        (tmp_path / "nowhere").read_text()
    assert not list(tmp_path.iterdir())


def test_a_folder_replaces_what_was_there_at_once(tmp_path):
    place = tmp_path / "maps"
    for names in (["a", "b"], ["b", "c"], []):
        with written_whole(place) as folder:
            folder.mkdir()
            for name in names:
                write_json({}, folder / name)
        assert sorted(path.name for path in place.iterdir()) == names
    with pytest.raises(ZeroDivisionError), written_whole(place) as folder:
        write_json({}, folder / "half")
        raise ZeroDivisionError
    assert not list(place.iterdir()) and [path.name for path in tmp_path.iterdir()] == ["maps"]


def test_leftovers_of_an_interrupted_writer_are_removed(tmp_path):
    (tmp_path / ".writing-maps").mkdir()
    (tmp_path / ".writing-maps/old").write_text("half")
    with written_whole(tmp_path / "maps") as folder:
        write_json({}, folder / "new")
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["new"]


def test_a_file_in_a_temporary_folder_is_named_by_its_final_path(tmp_path):
    with small_disk(tmp_path / "disk", 64) as disk:
        with pytest.raises(StorageError) as error, written_whole(disk / "maps") as folder:
            WRITERS["image.nii.gz"](folder / "map.nii.gz")
        assert str(error.value).startswith(
            f"{disk / 'maps/map.nii.gz'} cannot be written: No space"
        )
        assert not list(disk.iterdir())


def test_checking_a_folder_leaves_no_file_in_it(tmp_path):
    check_writable(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_read_only_folder_is_found_before_anything_runs(tmp_path):
    with (
        read_only(tmp_path),
        pytest.raises(StorageError, match="cannot be written: Read-only file system; make the"),
    ):
        check_writable(tmp_path)


# Names of functions and methods that write to a file.
WRITING = {
    *{"write_text", "write_bytes", "savefig", "imsave", "WriteImage", "WriteTransform", "save"},
    *{"savez", "savetxt", "tofile", "to_csv", "to_json", "to_pickle", "to_excel", "to_html"},
    *{"to_parquet", "copyfile", "copytree", "copy2", "touch", "symlink_to"},
}
# Calls that write no result: a picture in memory, the mark of a run, the trial write on a full
# disk, a recipe of a container and names for files to read in temporary folders.
EXEMPT = {
    ("overlay.py", "picture.save"),
    ("locks.py", "open"),
    ("files.py", "open"),
    ("container.py", "recipe.write_text"),
    ("itk.py", "(Path(folder) / name).symlink_to"),
    # To a temporary folder, and to memory.
    ("archive.py", "open"),
    ("program_archive.py", "writer.write_bytes"),
}


def writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else None
    if ast.unparse(call.func).rpartition(".")[2] == "open":
        modes = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
        return any(set(ast.literal_eval(mode)) & set("wax+") for mode in modes)
    return name in WRITING


def direct_writes(source: str, file: str = "") -> list[str]:
    """Calls that write to a file with no `written_whole` around them."""
    tree = ast.parse(source)
    whole = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and any("written_whole(" in ast.unparse(item.context_expr) for item in node.items)
        for inner in ast.walk(node)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node not in whole]
    return [
        ast.unparse(call)
        for call in calls
        if writes(call) and (file, ast.unparse(call.func)) not in EXEMPT
    ]


@pytest.mark.parametrize(
    "path",
    [*(PROJECT / "src").rglob("*.py"), *(PROJECT / "workflow/scripts").glob("*.py")],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_result_is_written_whole(path):
    assert direct_writes(path.read_text(), path.name) == []


def test_direct_writes_would_be_found():
    assert len(direct_writes("table.to_csv(path)\nopen(path, 'w')\nimage.open(mode='xb')")) == 3
    assert not direct_writes("with written_whole(path) as beside:\n    table.to_csv(beside)")
    assert not direct_writes("open(path, 'rb')\nopen(path)\nsave(figure, path)")


def test_the_notebook_writes_its_figure_whole():
    cells = json.loads((PROJECT / "notebooks/paper_figures.ipynb").read_text())["cells"]
    source = "".join(
        "".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code"
    )
    assert direct_writes(re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE)) == []


def test_rows_are_those_of_the_table_as_text(tmp_path):
    table = pd.DataFrame({"patient": ["01", "02"], "dice": [0.5, float("nan")]})
    write_table(table, tmp_path / "table.tsv")
    assert read_rows(tmp_path / "table.tsv") == [
        {"patient": "01", "dice": "0.5"},
        {"patient": "02", "dice": "NA"},
    ]
    assert list(read_table(tmp_path / "table.tsv")["patient"]) == ["01", "02"]


def test_checksum_of_a_folder_follows_names_and_contents(tmp_path):
    (tmp_path / "series").mkdir()
    (tmp_path / "series/1").write_text("slice")
    before = sha256(tmp_path / "series")
    assert before == sha256(tmp_path / "series")
    (tmp_path / "series/1").rename(tmp_path / "series/2")
    renamed = sha256(tmp_path / "series")
    (tmp_path / "series/2").write_text("other")
    assert len({before, renamed, sha256(tmp_path / "series")}) == 3
