"""How near explanations of a network that is trained already come to its exact Shapley values.

    python benchmarks/own_network_agreement.py FOLDER IMAGE... --output tumour [--folds 0 1]
        [--mirroring] [--composites deeplift deepshap] [--threads 2]

One image for each channel, in the order of the channels. The margin of an output (its logit minus
the largest of the others, blended as deployed) is explained in the voxels that the network gives to
it, against a baseline whose lesions are inpainted. Prints the pooled share of every channel, by the
exact Shapley values of the deployed predictor and by each composite, the L1 distance and Kendall's
tau between them, the seconds, and the largest difference between a voxel's normaliser and the
change of the deployed margin, relative to the largest change.
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
from scipy.stats import kendalltau

from mrelevance.attribution.baselines import inpaint
from mrelevance.attribution.shapley import shapley_values
from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.margin import region_margin
from mrelevance.runtime.images import spacing_zyx


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--output", required=True)
    parser.add_argument("--folds", nargs="*", type=int)
    parser.add_argument("--mirroring", action="store_true")
    parser.add_argument("--composites", nargs="+", default=["deeplift", "deepshap"])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    predictor = load(options.folder, folds=options.folds, mirroring=options.mirroring)
    channels, names = predictor.deployment.channels, predictor.deployment.outputs.names
    case = predictor.preprocess(dict(zip(channels, options.images, strict=True)))
    inside = (names.index(options.output),)
    outside = tuple(number for number in range(len(names)) if number not in inside)

    def margin(image: torch.Tensor) -> torch.Tensor:
        return region_margin(predictor.apply(image[0]), inside, outside)

    image = case.image
    with torch.no_grad():
        region = margin(image[None]) > 0
    spacing = spacing_zyx(case.grid)
    inpainted = inpaint(image.numpy(), region.numpy(), "of this benchmark", spacing, case.covered)
    baseline = torch.from_numpy(inpainted)
    start = time.perf_counter()
    values, change = shapley_values(margin, image, baseline)
    seconds = time.perf_counter() - start
    exact = pooled(values[:, region])
    rows = [row("exact Shapley values", exact, exact, seconds, channels)]
    for composite in options.composites:
        start = time.perf_counter()
        explainer = Explainer(predictor, image, composite, baseline=baseline)
        explained = explainer.explain(image, (inside, outside))
        found = pooled(explained.sequence_parts[:, region])
        seconds = time.perf_counter() - start
        off = (explained.normalisers - change).abs().max() / change.abs().max()
        rows.append(row(composite, found, exact, seconds, channels) | {"off": f"{off:.1e}"})
    print(f"{len(predictor.ensemble.members)} members, {int(region.sum())} voxels of the region")
    print(pd.DataFrame(rows).fillna("").to_markdown(index=False))


def pooled(parts: torch.Tensor) -> np.ndarray:
    """Share of each channel in the summed parts (C, voxels)."""
    sums = parts.double().sum(1)
    return (sums / sums.sum()).numpy()


def row(
    name: str, shares: np.ndarray, exact: np.ndarray, seconds: float, channels: tuple[str, ...]
) -> dict:
    """Shares of a method beside the exact ones, as a row of the table."""
    return {
        "method": name,
        **{channel: f"{share:.3f}" for channel, share in zip(channels, shares, strict=True)},
        "L1": f"{np.abs(shares - exact).sum():.3f}",
        "tau": f"{kendalltau(shares, exact).statistic:.2f}",
        "seconds": f"{seconds:.0f}",
    }


if __name__ == "__main__":
    main()
