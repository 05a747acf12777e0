"""What one patient costs with a network that is trained already: passes, seconds and memory.

    python benchmarks/own_network.py FOLDER IMAGE... [--folds 0 1] [--mirroring] [--threads 2]

One image for each channel, in the order of the channels. Prints a row of a table: members, windows,
forward passes of one segmentation, seconds of segmentation and of one explanation by DeepLIFT
against an image of zeros (all shares and normalisers), and the peak memory of this process.
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import torch

from mrelevance.lrp import Explainer
from mrelevance.networks import load


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function returns, and its seconds."""
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def main() -> None:
    """Measure and print one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--folds", nargs="*", type=int)
    parser.add_argument("--mirroring", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    predictor = load(options.folder, folds=options.folds, mirroring=options.mirroring)
    channels = predictor.deployment.channels
    case = predictor.preprocess(dict(zip(channels, options.images, strict=True)))
    logits, segmented = timed(lambda: predictor.logits(case.image))
    baseline = torch.zeros_like(case.image)
    winner = len(logits) - 1
    target = (winner, 0) if len(logits) > 1 else winner

    def explain() -> torch.Tensor:
        explainer = Explainer(predictor, case.image, composite="deeplift", baseline=baseline)
        return explainer.shares(case.image, target=target)

    _, explained = timed(explain)
    # Kilobytes on Linux.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    members = len(predictor.ensemble.members)
    passes = predictor.passes(tuple(case.image.shape[1:]))
    print("| members | windows | passes | segmentation (s) | explanation (s) | memory (GB) |")
    print(
        f"| {members} | {passes // members} | {passes} | {segmented:.1f} | {explained:.1f} | "
        f"{memory:.2f} |"
    )


if __name__ == "__main__":
    main()
