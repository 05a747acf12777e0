"""Checkpoints are read as data: no code from a file runs."""

import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from helpers import nnunet

from mrelevance.networks.nnunet.checkpoint import NUMBERS, read_checkpoint
from mrelevance.runtime.errors import InputError

STATE = {"a.weight": torch.arange(3.0)}


class Malicious:
    """Creates a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def saved(path, state=STATE, **changes):
    torch.save(nnunet.checkpoint(state, nnunet.plans(), nnunet.dataset(), **changes), path)
    return path


def test_numbers_of_numpy_are_read_beside_the_weights(tmp_path):
    read = read_checkpoint(saved(tmp_path / "a.pth", current_epoch=np.int64(7).item()))
    assert torch.equal(read.weights["a.weight"], torch.arange(3.0))
    assert (read.configuration, read.trainer) == (nnunet.NAME, "nnUNetTrainer")
    assert (read.epochs, read.mirrored) == (7, (0, 1, 2))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
def test_prefixes_of_parallel_and_compiled_training_are_dropped(tmp_path, prefix):
    state = {f"{prefix}{name}": weight for name, weight in STATE.items()}
    assert list(read_checkpoint(saved(tmp_path / "a.pth", state)).weights) == ["a.weight"]


def test_trainers_without_mirroring_have_no_axes(tmp_path):
    path = saved(tmp_path / "a.pth", mirrored=None)
    assert read_checkpoint(path).mirrored == ()


def test_names_of_numpy_1_are_known(tmp_path):
    """Numpy 1 called the module of its scalars `numpy.core`."""
    path, old = saved(tmp_path / "new.pth"), tmp_path / "old.pth"
    with zipfile.ZipFile(path) as read, zipfile.ZipFile(old, "w") as written:
        for name in read.namelist():
            content = read.read(name)
            if name.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in content
                content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            written.writestr(name, content)
    assert torch.equal(read_checkpoint(old).weights["a.weight"], torch.arange(3.0))


def test_code_in_a_checkpoint_is_refused_and_does_not_run(tmp_path):
    mark = tmp_path / "ran"
    path = saved(tmp_path / "a.pth", logging=Malicious(mark))
    with pytest.raises(InputError, match=r"is refused: it holds more .*system.*could run") as error:
        read_checkpoint(path)
    assert not mark.exists() and "\n" not in str(error.value)
    with open(tmp_path / "b.pth", "wb") as file:
        pickle.dump(Malicious(mark), file)
    with pytest.raises(InputError, match=r"b\.pth is no archive.*could run code") as error:
        read_checkpoint(tmp_path / "b.pth")
    assert not mark.exists() and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network_weights": {}}, "does not hold tensors"),
        ({"network_weights": None}, "lacks network_weights"),
        ({"init_args": None}, "lacks init_args"),
        ({"init_args": {}}, "lacks configuration"),
        ({"trainer_name": None}, "lacks trainer_name"),
        ({"inference_allowed_mirroring_axes": (0, 3)}, "axes in space are due"),
    ],
)
def test_incomplete_checkpoints_are_refused(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        read_checkpoint(saved(tmp_path / "a.pth", **change))


@pytest.mark.parametrize("damage", ["cut", "text", "list", "flipped"])
def test_damaged_files_are_refused_in_one_line(tmp_path, damage):
    path = saved(tmp_path / "a.pth")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[content.index(np.float32(2).tobytes())] ^= 255
    elif damage == "text":
        content = b"<html>not found</html>"
    path.write_bytes(content)
    if damage == "list":
        torch.save([1], path)
    with pytest.raises(InputError, match=r"a\.pth") as error:
        read_checkpoint(path)
    assert "\n" not in str(error.value) and "copy it again" in str(error.value)


def test_missing_and_empty_files_are_named(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_checkpoint(tmp_path / "a.pth")
    (tmp_path / "b.pth").touch()
    with pytest.raises(InputError, match="is empty"):
        read_checkpoint(tmp_path / "b.pth")


def test_the_reader_of_weights_would_refuse_code_by_itself(tmp_path):
    """The check before loading is for a clear message; torch refuses as well."""
    mark = tmp_path / "ran"
    path = saved(tmp_path / "a.pth", logging=Malicious(mark))
    with torch.serialization.safe_globals(NUMBERS), pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    assert not mark.exists()
