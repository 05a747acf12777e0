"""Which files of a network are read, and where it may be spoken of."""

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.network_source import check_use, files_of_source


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def nnunet(tmp_path):
    names = [f"fold_{n}/checkpoint_{kind}.pth" for n in (0, 1) for kind in ("final", "best")]
    return touched(tmp_path / "net", "plans.json", "dataset.json", "fold_0/progress.png", *names)


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_of_an_nnunet_the_chosen_checkpoints_are_read(nnunet):
    both = ["dataset.json", "plans.json"]
    assert names(files_of_source(nnunet, None, "best"), nnunet) == [
        *both, "fold_0/checkpoint_best.pth", "fold_1/checkpoint_best.pth",
    ]  # fmt: skip
    assert names(files_of_source(nnunet, [1], "final"), nnunet) == [
        *both, "fold_1/checkpoint_final.pth",
    ]  # fmt: skip


def test_a_missing_fold_is_named(nnunet):
    with pytest.raises(InputError, match=r"fold_3.checkpoint_final.pth does not exist"):
        files_of_source(nnunet, [3], "final")
    with pytest.raises(InputError, match=r"checkpoint_latest.pth does not exist"):
        files_of_source(nnunet, None, "latest")


def test_of_a_file_its_description_is_read_as_well(tmp_path):
    touched(tmp_path, "network.pt2", "network.yaml", "other.yaml")
    found = files_of_source(tmp_path / "network.pt2", None, "final")
    assert names(found, tmp_path) == ["network.pt2", "network.yaml"]


def test_of_a_bundle_all_files_but_hidden_ones(tmp_path):
    touched(tmp_path / "b", "configs/inference.json", "models/model.pt", ".git/x", ".DS_Store")
    found = files_of_source(tmp_path / "b", None, "final")
    assert names(found, tmp_path / "b") == ["configs/inference.json", "models/model.pt"]


def test_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not exist; give the folder or file"):
        files_of_source(tmp_path / "none", None, "final")
    with pytest.raises(InputError, match="runs no code of others"):
        files_of_source(tmp_path / "module:function", None, "final")


def test_members_of_a_network_that_is_trained_here_are_an_error():
    here = {"source": None, "channels": None}
    plain = {"folds": None, "mirroring": True, "checkpoint": "final"}
    check_use({"network": here, "inference": plain})
    check_use({"network": here | {"source": "x"}, "inference": plain | {"folds": [0]}})
    with pytest.raises(InputError, match=r"inference.folds, inference.mirroring: this concerns"):
        check_use({"network": here, "inference": plain | {"folds": [0], "mirroring": False}})
