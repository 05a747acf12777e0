"""MONAI bundles: applied as MONAI applies them, and read without running anything."""

import json
import shutil
import warnings

import numpy as np
import pytest
import SimpleITK as sitk
import torch
import yaml
from helpers.bundles import (
    ARGUMENTS,
    INFERENCE,
    METADATA,
    PREPROCESSING,
    bundle_network,
    write_bundle,
)
from helpers.models import patient_images
from monai import transforms
from monai.data import MetaTensor
from monai.inferers import SlidingWindowInferer

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.images import to_array, write_image


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("bundle") / "lesions_v0.3")


def by_monai(folder):
    """What MONAI itself makes of the patient's files: image, logits and segmentation."""
    images = patient_images(turned=True)
    for name, image in images.items():
        write_image(image, folder / f"{name}.nii.gz")
    read = [{**one, "keys": "image"} for one in PREPROCESSING]
    chain = transforms.Compose([getattr(transforms, one.pop("_target_"))(**one) for one in read])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = chain({"image": [folder / f"{name}.nii.gz" for name in images]})
        inferer = SlidingWindowInferer([12, 12, 8], overlap=0.5, mode="gaussian")
        with torch.no_grad():
            logits = inferer(data["image"][None], bundle_network())[0]
        back = transforms.Invertd("pred", chain, orig_keys="image", nearest_interp=False)
        probabilities = back(data | {"pred": MetaTensor(logits.softmax(0))})["pred"]
    return data["image"], logits.as_tensor(), probabilities.argmax(0).numpy().transpose(2, 1, 0)


def test_it_is_applied_as_monai_applies_it(bundle, tmp_path):
    image, logits, segmentation = by_monai(tmp_path)
    predictor = load(bundle)
    case = predictor.preprocess({name: tmp_path / f"{name}.nii.gz" for name in patient_images()})
    torch.testing.assert_close(case.image, image.as_tensor(), rtol=0, atol=1e-5)
    torch.testing.assert_close(predictor.logits(case.image), logits, rtol=0, atol=1e-5)
    segmented = predictor.segment(case)
    assert 0.02 < segmentation.mean() < 0.98
    assert (to_array(segmented) != segmentation).sum() <= 2
    original = sitk.ReadImage(str(tmp_path / "T1.nii.gz"))
    np.testing.assert_allclose(segmented.GetOrigin(), original.GetOrigin())
    np.testing.assert_allclose(segmented.GetDirection(), original.GetDirection())


def test_it_says_what_the_bundle_says(bundle):
    deployment = load(bundle).deployment
    assert deployment.kind == "MONAI bundle"
    assert deployment.channels == ("T1", "T2", "FLAIR")
    assert deployment.outputs.names == ("background", "lesion")
    assert (deployment.outputs.heads, deployment.outputs.values) == ("softmax", (0, 1))
    assert deployment.spacing_mm == (2.0, 2.0, 3.0)
    assert deployment.facts["version"] == "0.3.1"
    assert set(deployment.files) == {
        "configs/inference.json", "configs/metadata.json", "models/model.pt",
    }  # fmt: skip


def test_the_case_lies_where_the_image_lies(bundle):
    images = patient_images(turned=True)
    predictor = load(bundle)
    case = predictor.preprocess(images)
    assert case.grid.GetSize() == case.image.shape[:0:-1]
    marked = sitk.Image(images["T1"].GetSize(), sitk.sitkUInt8)
    marked.CopyInformation(images["T1"])
    marked[3:9, 4:9, 5:10] = 1
    label = predictor.deployment.label_to_case(marked, case)
    shape = sitk.LabelShapeStatisticsImageFilter()
    centres = []
    for one in (marked, label):
        shape.Execute(one)
        centres.append(shape.GetCentroid(1))
    np.testing.assert_allclose(centres[1], centres[0], atol=1.5)


def test_it_is_explained(bundle):
    predictor = load(bundle)
    image = predictor.preprocess(patient_images()).image
    network = predictor.ensemble.members[0].network
    explainer = Explainer(
        network, image, "deeplift", baseline=torch.zeros_like(image), windows=predictor.windows
    )
    margin = predictor.logits(image) - predictor.logits(torch.zeros_like(image))
    expected = margin[1] - margin[0]
    normalisers = explainer.normalisers(image, (1, 0))
    torch.testing.assert_close(normalisers, expected, rtol=1e-4, atol=1e-4)


def test_yaml_is_read_like_json(tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    (folder / "configs/inference.json").unlink()
    (folder / "configs/inference.yaml").write_text(yaml.safe_dump(INFERENCE))
    assert load(folder).deployment.channels == ("T1", "T2", "FLAIR")


def test_a_zipped_bundle_is_read(bundle, tmp_path):
    path = shutil.make_archive(str(tmp_path / "lesions"), "zip", bundle.parent, bundle.name)
    predictor = load(path)
    assert str(predictor.deployment.path) == path
    assert predictor.preprocess(patient_images()).image.shape[0] == 3


def test_a_description_replaces_what_the_bundle_says(bundle, tmp_path):
    copied = shutil.copytree(bundle, tmp_path / "lesions")
    (tmp_path / "lesions.yaml").write_text("channels: [a, b, c]\nwindow: whole\n")
    predictor = load(copied)
    assert predictor.deployment.channels == ("a", "b", "c")
    assert predictor.passes((20, 20, 20)) == 1


def test_channels_with_a_key_each_are_stacked(tmp_path):
    def of(*keys):
        return {"keys": list(keys)}

    separate = [
        {"_target_": "LoadImaged", **of("t1", "t2", "flair")},
        {"_target_": "NormalizeIntensityd", **of("t1", "t2", "flair")},
        {"_target_": "ConcatItemsd", **of("t1", "t2", "flair"), "name": "image"},
        {"_target_": "Orientationd", **of("image", "label"), "axcodes": "LPS"},
        {"_target_": "Spacingd", **of("label"), "pixdim": [1, 1, 1]},
    ]
    folder = write_bundle(tmp_path / "one", {"preprocessing": separate})
    image = load(folder).preprocess(patient_images()).image
    means = image.mean((1, 2, 3))
    torch.testing.assert_close(means, torch.zeros(3), rtol=0, atol=1e-4)
    separate[1]["keys"] = ["t1"]
    folder = write_bundle(tmp_path / "two", {"preprocessing": separate})
    with pytest.raises(InputError, match="NormalizeIntensityd transforms t1 alone"):
        load(folder)


def network(**changes):
    return {"network_def": {"_target_": "UNet", **ARGUMENTS} | changes}


@pytest.mark.parametrize(
    ("inference", "problem"),
    [
        (network(_target_="os.system", command="touch /tmp/x"), r"would create os\.system"),
        (
            network(_target_="monai.networks.nets_evil.UNet"),
            "would create monai.networks.nets_evil",
        ),
        (network(_target_="subprocess.Popen"), r"would create subprocess\.Popen"),
        (network(act={"_target_": "os.system", "command": "x"}), r"act would create os\.system"),
        (network(norm="$__import__('os').system('true')"), "network_def#norm is the expression"),
        (network(pretrained_path="/etc/passwd"), "pretrained_path would load another file"),
        (network(_mode_="partial"), "network_def has _mode_"),
        (network(_requires_="$__import__('os').system('true')"), "network_def#_requires_ is the"),
        (network(_requires_=["other"]), "network_def has _requires_"),
        (network(_disabled_=True), "network_def has _disabled_"),
        (network(weights="IMAGENET1K_V1"), "weights would load another file"),
        (network(url="https://example.org/x.pt"), "url would load another file"),
        (network(_target_="monai.networks.nets.Sequential"), "MONAI has no network 'Sequential'"),
        (network(_target_="monai.networks.nets.torch"), "MONAI has no network 'torch'"),
        (network(_target_="monai.networks.nets.unet.os.system"), "MONAI has no network 'system'"),
        (network(_target_="Discriminator"), "takes no in_channels and out_channels"),
        (network(channels={"_target_": "os.system"}), r"channels would create os\.system"),
        (network(norm=["batch", {"a": [{"_target_": "os.system"}]}]), r"would create os\.system"),
        (network(spatial_dims=2), "is one in 2D"),
        (network(in_channels=4), r"has 4 channels, but 3 are named \(T1, T2, FLAIR\)"),
        (network(channels=[4, 8, 16], strides=[2, 2]), "weights do not fit the network"),
        (network(colour="red"), "UNet does not take colour"),
        ({"network_def": None, "network": None}, "there is no network_def"),
        ({"inferer": {"_target_": "os.system"}}, "the inferer system is not supported"),
        ({"inferer": INFERENCE["inferer"] | {"roi_size": "$[96] * 3"}}, "inferer#roi_size is the"),
        ({"inferer": None}, r"does not say: window \("),
        ({"postprocessing": None}, r"does not say: .*heads \("),
        ({"preprocessing": None}, r"does not say: preprocessing \("),
        ({"preprocessing": [{"_target_": "os.system", "keys": "image"}]}, "os.system is not one"),
        ({"preprocessing": [{"_target_": "Lambdad", "keys": "image"}]}, "Lambdad is not one"),
        (
            {"preprocessing": [{"_target_": "evil.Spacingd", "keys": "image", "pixdim": 1}]},
            r"evil\.Spacingd is not one",
        ),
        (
            {"preprocessing": [{"_target_": "Spacingd", "_requires_": "x", "pixdim": 1}]},
            "does not take its arguments",
        ),
        (
            {"preprocessing": [{"_target_": "Spacingd", "keys": "image", "pixdim": "$open('x')"}]},
            "give plain numbers and texts",
        ),
    ],
)
def test_what_would_run_or_is_not_known_is_an_error(inference, problem, tmp_path):
    folder = write_bundle(tmp_path / "bundle", inference)
    with pytest.raises(InputError, match=problem) as raised:
        load(folder)
    assert len(str(raised.value).splitlines()) == 1


def test_unused_expressions_are_left_alone(tmp_path):
    marker = tmp_path / "owned"
    attack = f"$__import__('os').system('touch {marker}')"
    folder = write_bundle(
        tmp_path / "bundle", {"imports": [attack], "run": [attack], "initialize": attack}
    )
    load(folder)
    assert not marker.exists()


def test_overlapping_outputs_need_values(tmp_path):
    outputs = {"pred": {"channel_def": {"0": "whole tumour", "1": "core"}}}
    folder = write_bundle(
        tmp_path / "bundle",
        {"postprocessing": [{"_target_": "Activationsd", "keys": "pred", "sigmoid": True}]},
        {"network_data_format": METADATA["network_data_format"] | {"outputs": outputs}},
    )
    with pytest.raises(InputError, match=r"does not say: outputs \(label value by name"):
        load(folder)
    outputs = {"outputs": {"whole tumour": 2, "core": 1}}
    with pytest.raises(InputError, match=r"does not say: members \(label values of each region"):
        load(folder, description=outputs)
    members = {"whole tumour": [1, 2], "core": [1]}
    predictor = load(folder, description=outputs | {"members": members})
    assert predictor.deployment.outputs.members == {"whole tumour": (1, 2), "core": (1,)}
    case = predictor.preprocess(patient_images())
    logits = torch.full((2, *case.image.shape[1:]), -5.0)
    logits[0, :6] = 5
    logits[1, :3] = 5
    written = to_array(predictor.deployment.restore(case, logits))
    assert set(written.ravel().tolist()) == {0, 1, 2}


@pytest.mark.parametrize(
    "name", ["models/model.pt", "models", "configs/inference.json", "configs/metadata.json"]
)
def test_links_out_of_the_bundle_are_refused(name, tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    elsewhere = (folder / name).rename(tmp_path / "secret")
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"is a link to .*secret.*, outside of the bundle"):
        load(folder)


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_damaged_configurations_are_refused(content, tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    (folder / "configs/inference.json").write_text(content)
    with pytest.raises(InputError, match=r"inference\.json (cannot be read|holds no keys)"):
        load(folder)


def test_yaml_objects_are_not_made(tmp_path):
    folder = write_bundle(tmp_path / "bundle")
    (folder / "configs/inference.json").unlink()
    attack = "network_def: !!python/object/apply:os.system ['true']\n"
    (folder / "configs/inference.yaml").write_text(attack)
    with pytest.raises(InputError, match=r"inference\.yaml cannot be read"):
        load(folder)


def test_references_that_multiply_are_refused(tmp_path):
    """Ten references to ten references to ..., eight times."""
    folder = write_bundle(tmp_path / "bundle")
    many = {f"level{n}": [f"@level{n + 1}"] * 10 for n in range(8)} | {"level8": 1}
    inference = INFERENCE | many | {"preprocessing": "@level0"}
    (folder / "configs/inference.json").write_text(json.dumps(inference))
    with pytest.raises(InputError, match="with its references followed, it has more than 100,000"):
        load(folder)
    (folder / "configs/inference.json").unlink()
    aliases = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    text = "\n".join(["l0: &l0 1", *aliases, "preprocessing: *l8", "inferer: 1"])
    (folder / "configs/inference.yaml").write_text(text)
    with pytest.raises(InputError, match="with its references followed, it has more than 100,000"):
        load(folder)


def test_a_malicious_description_in_the_metadata_is_checked(tmp_path):
    folder = write_bundle(tmp_path / "bundle", metadata={"mrelevance": {"code": "x"}})
    with pytest.raises(InputError, match="code: unknown"):
        load(folder)
    metadata = folder / "configs/metadata.json"
    said = {"network": {"name": "os.system", "arguments": {}}}
    metadata.write_text(json.dumps(METADATA | {"mrelevance": said}))
    with pytest.raises(InputError, match=r"MONAI has no network 'os\.system'"):
        load(folder)
