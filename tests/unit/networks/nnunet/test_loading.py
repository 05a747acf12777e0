"""A results folder is applied as its files say, member by member."""

import shutil
import zipfile

import pytest
import torch
from helpers import nnunet
from torch.nn.functional import pad

from mrelevance.networks.loading import load, load_deployment
from mrelevance.networks.predictor import NO_MIRRORING
from mrelevance.runtime.errors import InputError

NAME = f"nnUNetTrainer__nnUNetPlans__{nnunet.NAME}"
IMAGES = {name: nnunet.image(seed) for seed, name in enumerate(("T1", "T2"))}


def write(folder, **changes):
    return nnunet.write_folder(folder, **changes)


@pytest.fixture(scope="module")
def window():
    torch.manual_seed(0)
    return torch.randn(2, 8, 12, 16)


def outputs(network, window):
    with torch.no_grad():
        return network(window[None])[0]


def test_the_fold_of_all_cases_stands_alone(tmp_path, window):
    folder, (network,) = write(tmp_path, folds=("all",))
    predictor = load(folder, mirroring=False)
    torch.testing.assert_close(predictor.logits(window), outputs(network, window))
    assert predictor.deployment.facts["folds"] == "all of all"
    assert set(predictor.deployment.files) == {
        "plans.json", "dataset.json", "fold_all/checkpoint_final.pth",
    }  # fmt: skip


def test_beside_numbered_folds_it_is_left_out_unless_asked_for(tmp_path, window):
    folder, (numbered, of_all) = write(tmp_path, folds=(3, "all"))
    for folds, network in ((None, numbered), (["all"], of_all)):
        predictor = load(folder, folds=folds, mirroring=False)
        torch.testing.assert_close(predictor.logits(window), outputs(network, window))


def test_the_best_weights_are_read_where_they_are_asked_for(tmp_path, window):
    folder, (final,) = write(tmp_path)
    best = nnunet.network(nnunet.architecture(), seed=7)
    write(folder, networks=[best], kind="best")
    for kind, network in (("final", final), ("best", best)):
        predictor = load(folder, mirroring=False, checkpoint=kind)
        torch.testing.assert_close(predictor.logits(window), outputs(network, window))
        assert f"fold_0/checkpoint_{kind}.pth" in predictor.deployment.files
        assert predictor.deployment.facts["checkpoint"] == kind
    with pytest.raises(InputError, match="checkpoint is 'last'; give final, best, latest"):
        load(folder, checkpoint="last")


@pytest.mark.parametrize(("mirrored", "members"), [((0, 1, 2), 8), ((2,), 2), ((), 1), (None, 1)])
def test_members_are_the_subsets_of_the_mirrored_axes(mirrored, members, tmp_path):
    folder, _ = write(tmp_path, mirrored=mirrored)
    predictor = load(folder)
    assert len(set(predictor.mirrorings)) == len(predictor.mirrorings) == members
    assert {axis for axes in predictor.mirrorings for axis in axes} == set(mirrored or ())
    assert load(folder, mirroring=False).mirrorings == NO_MIRRORING


def test_a_small_image_is_padded_before_it_is_mirrored(tmp_path, window):
    """With an odd number of missing voxels, the mirrored copy has its image elsewhere."""
    folder, (network,) = write(tmp_path, mirrored=(1, 2))
    small = window[:, :, :7, :13]
    padded = pad(small, (1, 2, 2, 3))
    copies = []
    for axes in ((), (2,), (3,), (2, 3)):
        copies.append(outputs(network, padded.flip(axes)).flip(axes)[:, :, 2:9, 1:14])
    expected = torch.stack(copies).mean(0)
    torch.testing.assert_close(load(folder).logits(small), expected)
    elsewhere = outputs(network, pad(small.flip(2), (1, 2, 2, 3)))[:, :, 2:9, 1:14].flip(2)
    assert not torch.allclose(copies[1], elsewhere, atol=1e-3)


def test_the_preprocessing_is_known_without_weights(tmp_path):
    folder, _ = write(tmp_path, folds=(0, 1))
    loaded, described = load(folder).deployment, load_deployment(folder)
    assert described.channels == loaded.channels and described.outputs == loaded.outputs
    assert set(described.files) == {"plans.json", "dataset.json"}
    assert described.files.items() <= loaded.files.items()
    assert torch.equal(described.prepare(IMAGES).image, loaded.prepare(IMAGES).image)


def test_weights_are_not_read_for_the_preprocessing(tmp_path):
    folder, _ = write(tmp_path, folds=(0, 1))
    (folder / "fold_1/checkpoint_final.pth").write_bytes(b"damaged")
    load_deployment(folder)
    with pytest.raises(InputError, match="fold_1"):
        load(folder)


def packed(folder, archive, top=""):
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                written.write(path, f"{top}{path.relative_to(folder).as_posix()}")
    return archive


@pytest.mark.parametrize("top", ["", "net/", f"Dataset001_Tiny/{NAME}/"])
def test_an_exported_archive_is_the_network_inside(top, tmp_path, window):
    folder, _ = write(tmp_path / "net", folds=(0, 1))
    archive = packed(folder, tmp_path / "net.zip", top)
    expected = load(folder, folds=[1]).logits(window)
    shutil.rmtree(folder)
    predictor = load(archive, folds=[1])
    assert torch.equal(predictor.logits(window), expected)
    assert predictor.deployment.path == load_deployment(archive).path == archive
    assert predictor.deployment.kind == "nnU-Net"


def test_errors_name_the_archive_and_not_where_it_was_unpacked(tmp_path):
    folder, _ = write(tmp_path / "net")
    (folder / "dataset.json").unlink()
    archive = packed(folder, tmp_path / "net.zip", f"{NAME}/")
    with pytest.raises(InputError, match=rf"{archive}/dataset.json does not exist"):
        load(archive)


def test_an_archive_of_several_networks_is_to_be_unpacked(tmp_path):
    for name in (NAME, "nnUNetTrainer__nnUNetPlans__2d"):
        write(tmp_path / f"Dataset001_Tiny/{name}")
    archive = packed(tmp_path / "Dataset001_Tiny", tmp_path / "net.zip")
    with pytest.raises(InputError, match=r"net.zip holds 2 networks of nnU-Net .*; unpack it"):
        load(archive)


def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path):
    folder, _ = write(tmp_path / "net")
    archive = packed(folder, tmp_path / "net.zip", f"{NAME}/")
    with zipfile.ZipFile(archive, "a") as written:
        written.writestr("../owned.txt", "x")
    with pytest.raises(InputError, match="leads out of its folder"):
        load(archive)
    assert not (tmp_path / "owned.txt").exists() and not (tmp_path.parent / "owned.txt").exists()


def test_what_the_files_tell_is_not_to_be_given(tmp_path):
    folder, _ = write(tmp_path)
    with pytest.raises(InputError, match="leave out channels and description"):
        load(folder, channels=["T1", "T2"])
