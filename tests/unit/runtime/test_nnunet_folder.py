"""Which folder of nnU-Net is given, and which of its folds are used."""

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.nnunet_folder import (
    ALL,
    check_results_folder,
    choose_folds,
    folds_there,
    is_of_nnunet,
    network_in_archive,
)

NAME = "nnUNetTrainer__nnUNetPlans__3d_fullres"


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def network(folder, *folds, kind="final"):
    weights = [f"fold_{fold}/checkpoint_{kind}.pth" for fold in folds]
    return touched(folder, "plans.json", "dataset.json", *weights)


def test_numbered_folds_are_used_and_all_only_if_it_is_alone_or_asked_for(tmp_path):
    folder = network(tmp_path / NAME, 10, 2, ALL)
    assert folds_there(folder, "final") == [2, 10, ALL]
    assert choose_folds(folder, None, "final") == (2, 10)
    assert choose_folds(folder, [ALL], "final") == (ALL,)
    assert choose_folds(folder, ["10", 2], "final") == (10, 2)
    assert choose_folds(network(tmp_path / "one", ALL), None, "final") == (ALL,)


def test_each_kind_of_checkpoint_has_folds_of_its_own(tmp_path):
    folder = network(network(tmp_path / NAME, 0, 1), 1, kind="best")
    assert folds_there(folder, "best") == [1]
    with pytest.raises(InputError, match=r"folds with checkpoint_best.pth are 1: choose"):
        choose_folds(folder, [0], "best")
    with pytest.raises(InputError, match=r"only checkpoint_best.pth, checkpoint_final.pth"):
        choose_folds(folder, None, "latest")


@pytest.mark.parametrize("folds", [[], [0, 0], [0, "0"]])
def test_folds_are_named_once(folds, tmp_path):
    with pytest.raises(InputError, match="name at least one fold, and each once"):
        choose_folds(network(tmp_path, 0), folds, "final")


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (("plans.json", "fold_0/checkpoint_final.pth"), "fold_0", "of one fold; give .*net,"),
        ((f"{NAME}/plans.json", "a__b__2d/plans.json"), "", f"of 2 networks; .*2d, .*{NAME}"),
        (("plans.pkl", "fold_0/model_final_checkpoint.model"), "", "of nnU-Net v1"),
    ],
)  # fmt: skip
def test_other_folders_of_nnunet_are_known_and_say_what_to_give(names, given, message, tmp_path):
    folder = touched(tmp_path / "net", *names) / given
    assert is_of_nnunet(folder)
    with pytest.raises(InputError, match=message):
        check_results_folder(folder)


def test_results_need_plans_or_weights(tmp_path):
    for folder in (
        network(tmp_path / "a", 0),
        touched(tmp_path / "b", "fold_0/checkpoint_best.pth"),
    ):
        assert is_of_nnunet(folder)
        check_results_folder(folder)


@pytest.mark.parametrize("name", ["configs/inference.json", "models/plans.json", "fold_0/a.png"])
def test_folders_of_others_are_not_nnunet_s(name, tmp_path):
    folder = touched(tmp_path / "net", name)
    assert not is_of_nnunet(folder)
    with pytest.raises(InputError, match=r"has no plans.json and no fold_\*"):
        check_results_folder(folder)


def test_files_and_missing_folders_are_told(tmp_path):
    with pytest.raises(InputError, match="is a file; give the results folder"):
        check_results_folder(touched(tmp_path, "plans.json") / "plans.json")
    with pytest.raises(InputError, match="does not exist"):
        check_results_folder(tmp_path / "none")


def test_an_archive_holds_one_network_below_its_dataset(tmp_path):
    folder = network(tmp_path / f"Dataset001_Liver/{NAME}", 0)
    assert network_in_archive(tmp_path) == network_in_archive(folder.parent) == folder
    network(tmp_path / "Dataset001_Liver/nnUNetTrainer__nnUNetPlans__2d", 0)
    with pytest.raises(InputError, match=f"holds 2 networks of nnU-Net .*{NAME}.*; unpack it"):
        network_in_archive(tmp_path)


def test_an_archive_of_another_kind_is_itself_the_network(tmp_path):
    assert network_in_archive(touched(tmp_path, "models/plans.json")) == tmp_path
