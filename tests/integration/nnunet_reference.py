"""Train tiny networks with nnU-Net itself, and write what its own predictor computes for a case.

Runs in an environment with nnunetv2; argument: a folder. For each network of `NETWORKS` it writes
its results folder, as nnU-Net names it, below `results`; the images of cases in `{name}/images`;
and in `{name}` for each prediction of `predictions` the logits and the segmentation, and once the
preprocessed input and one tile of it with its logits. `nnunet.zip` is one network, as nnU-Net
exports it.
"""

import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from helpers import nnunet

TRAINED = ("a", "b")
NEW = "c"
REGIONS = {"background": 0, "organ": [1, 2], "tumour": 2, "ignore": 3}
"""Labels of a network with sigmoid heads and an ignored value."""

ITERATIONS = 30
"""Of each epoch: enough that few logits are near zero, where float16 decides."""
EXPORTED = "slices"
"""Network that is exported as an archive."""

# Each: plans, dataset, configuration, shape and spacing of the images; folds, and name of the
# trainer. Those that are trained on have a best checkpoint that is not the final one.
NETWORKS = {
    # Residual encoder, regions, an inherited configuration, axes in another order, slices apart.
    "regions": {
        "plans": nnunet.plans(
            {
                "3d_fullres": nnunet.configuration(
                    patch_size=[12, 8, 12],
                    spacing=[2.0, 7.0, 1.5],
                    normalization_schemes=["ZScoreNormalization", "CTNormalization"],
                    use_mask_for_norm=[True, False],
                    architecture=nnunet.architecture(kind="ResidualEncoderUNet"),
                ),
                "between": {"inherits_from": "3d_fullres", "patch_size": [16, 8, 12]},
                "3d_custom": {"inherits_from": "between", "batch_dice": True},
            },
            transpose_forward=[2, 0, 1],
            transpose_backward=[1, 2, 0],
        ),
        "dataset": nnunet.dataset(labels=REGIONS, regions_class_order=[1, 2]),
        "configuration": "3d_custom",
        "image": {"shape": (13, 22, 26), "spacing": (1.7, 2.1, 6.5), "rim": 2, "turned": 20.0},
        "folds": (0, 1),
        "trained_on": True,
    },
    # Single slices, of a plan of the first releases.
    "slices": {
        "plans": nnunet.plans(
            {"2d": nnunet.old_configuration(patch_size=[16, 20], spacing=[2.0, 2.0])}
        ),
        "dataset": nnunet.dataset(),
        "configuration": "2d",
        "image": {"shape": (5, 22, 26), "spacing": (2.4, 1.8, 5.0), "rim": 1},
        "folds": (0, 1),
    },
    # Batch normalisation, resampling along all axes, trained with all cases; an image that an odd
    # number of voxels is missing to the window.
    "small": {
        "plans": nnunet.plans(
            {
                "3d_fullres": nnunet.configuration(
                    patch_size=[16, 12, 16],
                    spacing=[2.0, 2.0, 2.0],
                    normalization_schemes=["RescaleTo01Normalization", "NoNormalization"],
                    resampling_fn_probabilities=nnunet.TORCH,
                    resampling_fn_probabilities_kwargs={"is_seg": False, "force_separate_z": False},
                )
            },
            image_reader_writer="SimpleITKIOWithReorient",
        ),
        "dataset": nnunet.dataset(channels=("rescale_to_0_1", "noNorm")),
        "configuration": "3d_fullres",
        "image": {"shape": (9, 14, 18), "spacing": (1.6, 2.3, 2.5), "rim": 1, "turned": 170.0},
        "folds": ("all",),
        "trainer": "nnUNetTrainerBN",
    },
}


def predictions(name: str) -> dict[str, dict]:
    """Which members of a network predict, by the name of the prediction."""
    folds = NETWORKS[name]["folds"]
    chosen = {
        "one": {"folds": folds[:1], "mirroring": False, "checkpoint": "final"},
        "whole": {"folds": folds, "mirroring": True, "checkpoint": "final"},
    }
    if NETWORKS[name].get("trained_on"):
        chosen["best"] = {"folds": folds[:1], "mirroring": False, "checkpoint": "best"}
    return chosen


def main(folder: Path) -> None:
    for key in ("raw", "preprocessed", "results"):
        os.environ[f"nnUNet_{key}"] = str(folder / key)
    os.environ |= {"nnUNet_n_proc_DA": "0", "nnUNet_compile": "f"}
    torch.set_num_threads(1)
    for number, name in enumerate(NETWORKS, start=1):
        expect(name, f"Dataset{number:03d}_{name}", folder)
        if name == EXPORTED:
            export(f"Dataset{number:03d}_{name}", folder)


def expect(name: str, dataset_name: str, folder: Path) -> None:
    network = NETWORKS[name]
    plans = json.loads(json.dumps(network["plans"] | {"dataset_name": dataset_name}))
    base = folder / "preprocessed" / dataset_name
    base.mkdir(parents=True)
    (base / "splits_final.json").write_text(json.dumps([{"train": ["a"], "val": ["b"]}] * 2))
    (base / "dataset_fingerprint.json").write_text("{}")
    images = folder / name / "images"
    images.mkdir(parents=True)
    for seed, case in enumerate((*TRAINED, NEW)):
        write_case(images, case, 10 * seed, network)
    preprocess(images, base, plans, network)
    for fold in network["folds"]:
        results = train(plans, network, fold)
    for prediction, members in predictions(name).items():
        predict(results, images, members, folder / name / prediction)
    write_tile(results, network["folds"][:1], images, folder / name)


def files_of(folder: Path, case: str) -> list[str]:
    return [str(folder / f"{case}_{channel:04d}.nii.gz") for channel in range(2)]


def write_case(folder: Path, case: str, seed: int, network: dict) -> None:
    made = [nnunet.image(seed + channel, **network["image"]) for channel in range(2)]
    for image, path in zip(made, files_of(folder, case), strict=True):
        sitk.WriteImage(image, path)
    voxels = sitk.GetArrayFromImage(made[0])
    # Mostly foreground, so that short trainings find some.
    label = sitk.GetImageFromArray(np.digitize(voxels, (-100, 140)).astype(np.uint8))
    label.CopyInformation(made[0])
    sitk.WriteImage(label, str(folder / f"{case}.nii.gz"))


def preprocess(images: Path, base: Path, plans: dict, network: dict) -> None:
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    manager = PlansManager(json.loads(json.dumps(plans)))
    configuration = manager.get_configuration(network["configuration"])
    folder = base / configuration.data_identifier
    folder.mkdir()
    for case in TRAINED:
        DefaultPreprocessor(verbose=False).run_case_save(
            str(folder / case), files_of(images, case), str(images / f"{case}.nii.gz"),
            manager, configuration, network["dataset"],
        )  # fmt: skip


def train(plans: dict, network: dict, fold: int | str) -> Path:
    """Train a fold for an epoch, or two; the results folder."""
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from nnunetv2.training.nnUNetTrainer.variants.network_architecture.nnUNetTrainerBN import (
        nnUNetTrainerBN,
    )

    trainers = {"nnUNetTrainer": nnUNetTrainer, "nnUNetTrainerBN": nnUNetTrainerBN}
    seed = 0 if fold == "all" else fold
    random.seed(seed)
    # nnU-Net's loaders draw from it.
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
    trainer = trainers[network.get("trainer", "nnUNetTrainer")](
        json.loads(json.dumps(plans)) | {"continue_training": False},
        network["configuration"],
        fold,
        network["dataset"],
        torch.device("cpu"),
    )
    trainer.num_iterations_per_epoch, trainer.num_val_iterations_per_epoch = ITERATIONS, 1
    trainer.num_epochs = 2
    trainer.initialize()
    trainer.num_epochs = 1
    trainer.run_training()
    if network.get("trained_on"):
        # No epoch can be better, so that the best checkpoint stays that of the first.
        trainer._best_ema = np.float32(1.1)
        trainer.num_epochs = 2
        trainer.run_training()
    return Path(trainer.output_folder_base)


def predictor_of(results: Path, members: dict):
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    predictor = nnUNetPredictor(
        device=torch.device("cpu"), use_mirroring=members["mirroring"], allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(
        str(results), members["folds"], f"checkpoint_{members['checkpoint']}.pth"
    )
    return predictor


def preprocessed(predictor, images: Path) -> tuple[np.ndarray, dict]:
    """The new case as the network gets it, and what nnU-Net knows of the way back."""
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

    array, _, properties = DefaultPreprocessor(verbose=False).run_case(
        files_of(images, NEW), None, predictor.plans_manager, predictor.configuration_manager,
        predictor.dataset_json,
    )  # fmt: skip
    return array, properties


def predict(results: Path, images: Path, members: dict, written: Path) -> None:
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape as to_segmentation,
    )

    predictor = predictor_of(results, members)
    plans, configuration = predictor.plans_manager, predictor.configuration_manager
    array, properties = preprocessed(predictor, images)
    logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(array))
    segmentation = to_segmentation(
        logits, plans, configuration, predictor.label_manager, properties, num_threads_torch=1
    )
    reader = plans.image_reader_writer_class()
    reader.write_seg(segmentation, f"{written}.nii.gz", properties)
    np.save(f"{written}.npy", logits.float().numpy())


def write_tile(results: Path, folds: tuple, images: Path, folder: Path) -> None:
    """The input, and what the network of one fold computes of its first window."""
    members = {"folds": folds, "mirroring": False, "checkpoint": "final"}
    predictor = predictor_of(results, members)
    predictor.network.load_state_dict(predictor.list_of_parameters[0])
    array, _ = preprocessed(predictor, images)
    patch = predictor.configuration_manager.patch_size
    window = (slice(None), *(slice(length) for length in patch))
    tile = (array[:, 0] if len(patch) == 2 else array)[window]
    missing = [(0, length - size) for size, length in zip(tile.shape[1:], patch, strict=True)]
    tile = np.pad(tile, ((0, 0), *missing))
    with torch.no_grad():
        logits = predictor.network.eval()(torch.from_numpy(tile[None]))[0].numpy()
    np.savez(folder / "input.npz", whole=array, tile=tile, logits=logits)


def export(dataset_name: str, folder: Path) -> None:
    from nnunetv2.model_sharing.model_export import export_pretrained_model

    network = NETWORKS[EXPORTED]
    for fold in (folder / "results" / dataset_name).glob("*/fold_*"):
        # The export wants the summary of a validation, which was not run.
        (fold / "validation").mkdir()
        (fold / "validation/summary.json").write_text("{}")
    export_pretrained_model(
        dataset_name,
        str(folder / "nnunet.zip"),
        (network["configuration"],),
        folds=network["folds"],
    )


if __name__ == "__main__":
    # Searching for the class of a trainer imports all of them, some of which need other packages.
    import types

    module = "nnunetv2.training.nnUNetTrainer.primus.primus_trainers"
    sys.modules[module] = types.ModuleType("primus")
    main(Path(sys.argv[1]).resolve())
