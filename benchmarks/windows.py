"""Measure time and peak memory of relevance in a volume that is too large for one pass.

    python benchmarks/windows.py --threads 2

The network is a UNet 16-32-64-128 with random weights in blended windows of 48 x 96 x 96 voxels
(D, H, W), the image 6 x 80 x 320 x 320 voxels of noise. The benchmark computes the shares of all
sequences at every voxel, and the map of a central ball with a radius of 10 voxels. The peak is
that of the whole process.
"""

import argparse
import time
from pathlib import Path

import torch
from monai.networks.nets import UNet
from tqdm import tqdm

from mrelevance.lrp import Explainer, Windows


def peak_memory_gb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9


def ball(size: tuple[int, ...], radius: float) -> torch.Tensor:
    axes = torch.meshgrid(*(torch.arange(n) - (n - 1) / 2 for n in size), indexing="ij")
    return sum(axis**2 for axis in axes) <= radius**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--composite", default="epsilon")
    parser.add_argument("--size", type=int, nargs=3, default=[80, 320, 320])
    parser.add_argument("--window", type=int, nargs=3, default=[48, 96, 96])
    parser.add_argument("--overlap", type=float, default=0.25)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = UNet(3, 6, 2, channels=(16, 32, 64, 128), strides=(2, 2, 2)).eval()
    image = torch.randn(6, *options.size)
    windows = Windows(tuple(options.window), options.overlap)
    explainer = Explainer(network, image, options.composite, windows=windows, progress=tqdm)
    start = time.perf_counter()
    explanation = explainer.explain(image, target=(1, 0))
    shares = explanation.shares
    print(f"windows\t{len(windows.boxes(tuple(options.size)))}")
    print(f"logits and shares of 6 sequences\t{time.perf_counter() - start:.0f} s")
    deviation = float((shares.sum(0) - 1).abs().median())
    print(f"median distance of the sum of shares from 1\t{deviation:.1e}")
    del shares
    start = time.perf_counter()
    region = ball(options.size, radius=10)
    relevance = explanation.region(region, tau=0.1)
    included = int(explanation.included(region, tau=0.1).sum())
    print(f"map of {included} voxels\t{time.perf_counter() - start:.0f} s")
    print(f"sum of the map over the voxels\t{float(relevance.sum()) / included:.6f}")
    print(f"peak memory\t{peak_memory_gb():.2f} GB")


if __name__ == "__main__":
    main()
