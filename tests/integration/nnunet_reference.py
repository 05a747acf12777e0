"""Train tiny networks with nnU-Net itself, and write what its own predictor computes for a case.

Runs in an environment with nnunetv2; argument: a folder. For each network of `NETWORKS` it writes
`{name}/results` (the results folder), `{name}/images`, and `{name}/expected.npz` with the
preprocessed input, the logits without and with mirroring, and the segmentation.
"""

import json
import os
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

# Each: plans, dataset, shape and spacing of the images, name of the trainer.
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
    },
    # Single slices, of a plan of the first releases.
    "slices": {
        "plans": nnunet.plans(
            {"2d": nnunet.old_configuration(patch_size=[16, 20], spacing=[2.0, 2.0])}
        ),
        "dataset": nnunet.dataset(),
        "configuration": "2d",
        "image": {"shape": (5, 22, 26), "spacing": (2.4, 1.8, 5.0), "rim": 1},
    },
    # Batch normalisation, resampling along all axes, an image smaller than the window.
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
        "image": {"shape": (9, 14, 18), "spacing": (1.6, 2.3, 2.6), "rim": 1, "turned": 170.0},
        "trainer": "nnUNetTrainerBN",
    },
}


def main(folder: Path) -> None:
    for key in ("raw", "preprocessed", "results"):
        os.environ[f"nnUNet_{key}"] = str(folder / key)
    os.environ |= {"nnUNet_n_proc_DA": "0", "nnUNet_compile": "f"}
    torch.set_num_threads(1)
    for name, network in NETWORKS.items():
        expect(name, network, folder)


def expect(name: str, network: dict, folder: Path) -> None:
    dataset_name = f"Dataset001_{name}"
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
    for fold in (0, 1):
        results = train(plans, network, fold)
    results.rename(folder / name / "results")
    arrays = predict(folder / name / "results", images)
    np.savez(folder / name / "expected.npz", **arrays)


def files_of(folder: Path, case: str) -> list[str]:
    return [str(folder / f"{case}_{channel:04d}.nii.gz") for channel in range(2)]


def write_case(folder: Path, case: str, seed: int, network: dict) -> None:
    made = [nnunet.image(seed + channel, **network["image"]) for channel in range(2)]
    for image, path in zip(made, files_of(folder, case), strict=True):
        sitk.WriteImage(image, path)
    voxels = sitk.GetArrayFromImage(made[0])
    label = sitk.GetImageFromArray(np.digitize(voxels, (80, 140)).astype(np.uint8))
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


def train(plans: dict, network: dict, fold: int) -> Path:
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from nnunetv2.training.nnUNetTrainer.variants.network_architecture.nnUNetTrainerBN import (
        nnUNetTrainerBN,
    )

    trainers = {"nnUNetTrainer": nnUNetTrainer, "nnUNetTrainerBN": nnUNetTrainerBN}
    trainer = trainers[network.get("trainer", "nnUNetTrainer")](
        json.loads(json.dumps(plans)) | {"continue_training": False},
        network["configuration"],
        fold,
        network["dataset"],
        torch.device("cpu"),
    )
    trainer.num_epochs, trainer.num_iterations_per_epoch = 1, 3
    trainer.num_val_iterations_per_epoch = 1
    trainer.run_training()
    return Path(trainer.output_folder_base)


def predict(results: Path, images: Path) -> dict[str, np.ndarray]:
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape as to_segmentation,
    )
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

    arrays = {}
    for key, folds, mirroring in (("one", (0,), False), ("all", None, True)):
        predictor = nnUNetPredictor(
            device=torch.device("cpu"), use_mirroring=mirroring, allow_tqdm=False
        )
        predictor.initialize_from_trained_model_folder(str(results), folds)
        plans, configuration = predictor.plans_manager, predictor.configuration_manager
        array, _, properties = DefaultPreprocessor(verbose=False).run_case(
            files_of(images, NEW), None, plans, configuration, predictor.dataset_json
        )
        logits = predictor.predict_logits_from_preprocessed_data(torch.from_numpy(array))
        segmentation = to_segmentation(
            logits, plans, configuration, predictor.label_manager, properties, num_threads_torch=1
        )
        written = results.parent / f"{key}.nii.gz"
        plans.image_reader_writer_class().write_seg(segmentation, str(written), properties)
        arrays |= {"input": array, f"logits_{key}": logits.float().numpy()}
    return arrays


if __name__ == "__main__":
    # Searching for the class of a trainer imports all of them, some of which need other packages.
    import types

    module = "nnunetv2.training.nnUNetTrainer.primus.primus_trainers"
    sys.modules[module] = types.ModuleType("primus")
    main(Path(sys.argv[1]))
