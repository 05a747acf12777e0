"""Measure time and peak memory of exact relevance for regions of several sizes.

    python benchmarks/lrp.py --threads 2

The network is a UNet 16-32-64-128 with random weights, the image 6 x 96 x 96 x 48 voxels of
noise. Every time is also given as a multiple of a plain forward pass. Forward passes are timed in
between, and the fastest repetition counts, as other work on the machine disturbed it least. The
time to export the network, once per image size, is given separately. The literal method takes one
pass in reverse mode per voxel; it is timed on three voxels.

    python benchmarks/lrp.py --table nnunet --size 128 128 128 --threads 2

measures every composite instead, on nnU-Net's default network (6 stages of 32 to 320 features,
instance norm) for 4 sequences, or with `--table study` on the network of the default study for 6:
the shares of all sequences and the map of a central box, with the peak of memory above what the
process held before. The baseline differs from the image in that box (`near`), or everywhere.
"""

import argparse
import gc
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from monai.networks.nets import DynUNet, UNet
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.lrp.composites import COMPOSITES, FROM_BASELINE

VOXELS = (1, 100, 2_048, 20_000)
LITERAL = 2_048


def seconds(function: Callable[[], object], device: str) -> float:
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def reset_peak_memory(device: str) -> None:
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_gb(device: str) -> float:
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9


def held_memory_gb(device: str) -> float:
    if device == "cuda":
        return torch.cuda.memory_allocated() / 1e9
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e9


def nnunet() -> nn.Module:
    """nnU-Net's default network in 3D, as its planner writes it for four sequences."""
    return PlainConvUNet(
        input_channels=4, n_stages=6, features_per_stage=[32, 64, 128, 256, 320, 320],
        conv_op=nn.Conv3d, kernel_sizes=3, strides=[1, 2, 2, 2, 2, 2], n_conv_per_stage=2,
        num_classes=4, n_conv_per_stage_decoder=2, conv_bias=True, norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"affine": True}, nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True},
    )  # fmt: skip


def study_network() -> nn.Module:
    """The network of the default study, for six sequences."""
    return DynUNet(
        3, 6, 2, [3] * 4, [1, 2, 2, 2], [2] * 3, filters=[16, 32, 64, 128],
        norm_name=("BATCH", {"affine": True}), act_name=("leakyrelu", {"negative_slope": 0.01}),
    )  # fmt: skip


TABLES = {"nnunet": (nnunet, 4), "study": (study_network, 6)}


def table(options: argparse.Namespace) -> None:
    """Time and memory of the shares and of a map, for every composite."""
    build, sequences = TABLES[options.table]
    device, size = options.device, options.size
    network = build().eval().to(device)
    image = torch.randn(sequences, *size).to(device)
    region = torch.zeros(size, dtype=torch.bool, device=device)
    region[tuple(slice(3 * length // 8, 5 * length // 8) for length in size)] = True
    other = torch.randn(image.shape).to(device)
    baselines = {"near": torch.where(region, other, image), "everywhere": other}

    @torch.no_grad()
    def forward() -> None:
        network(image[None])

    def measured(job: Callable[[], object]) -> tuple[float, float]:
        gc.collect()
        before = held_memory_gb(device)
        reset_peak_memory(device)
        taken = seconds(job, device)
        return taken, peak_memory_gb(device) - before

    forward()
    pass_s, memory = measured(forward)
    print("composite\tbaseline\tstatistics\twhat\tforward passes\tseconds\tpeak memory GB")
    print(f"forward pass\t\t\t\t1.0\t{pass_s:.2f}\t{memory:.2f}", flush=True)
    explainer = Explainer(network, image, "zero")
    for composite in options.composites:
        compared = [(None, "live")]
        if composite in FROM_BASELINE:
            compared = [("near", "live"), ("everywhere", "live"), ("everywhere", "frozen")]
        for baseline, statistics in compared:
            chosen = explainer.with_composite(
                composite, baseline=baselines.get(baseline), statistics=statistics
            )
            jobs = {
                "shares": lambda chosen=chosen: chosen.shares(image),
                "region": lambda chosen=chosen: chosen.explain(image).weighted_map(region),
            }
            for what, job in jobs.items():
                pass_s = min(pass_s, seconds(forward, device))
                taken, memory = measured(job)
                print(
                    f"{composite}\t{baseline or ''}\t{statistics if baseline else ''}\t{what}\t"
                    f"{taken / pass_s:.1f}\t{taken:.2f}\t{memory:.2f}",
                    flush=True,
                )


def regions(explainer: Explainer, image: torch.Tensor, generator: torch.Generator) -> dict:
    """Random regions of voxels whose normaliser is not small."""
    explanation = explainer.explain(image)
    usable = explanation.included(torch.ones_like(explanation.logit, dtype=torch.bool), tau=0.1)
    candidates = usable.flatten().nonzero().flatten().cpu()
    candidates = candidates[torch.randperm(len(candidates), generator=generator)]
    chosen = {}
    for count in VOXELS:
        region = torch.zeros(usable.numel(), dtype=torch.bool)
        region[candidates[:count]] = True
        assert int(region.sum()) == count
        chosen[count] = region.view(usable.shape).to(image.device)
    return chosen


def jobs(explainer: Explainer, image: torch.Tensor, generator: torch.Generator) -> dict:
    """What is timed, by name."""
    chosen = regions(explainer, image, generator)
    voxels = [tuple(voxel) for voxel in chosen[100].nonzero()[:3].tolist()]
    explanation = explainer.explain(image)
    return {
        **{
            f"region of {count} voxels": lambda region=region: explainer.region(image, region)
            for count, region in chosen.items()
        },
        f"shares of {len(image)} sequences": lambda: explainer.shares(image),
        "trace only": lambda: explainer.explain(image),
        "one voxel, activations kept": lambda: [explanation.voxel(voxel) for voxel in voxels],
        "one voxel, from scratch": lambda: [explainer.voxel(image, voxel) for voxel in voxels],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--size", type=int, nargs=3, default=[96, 96, 48])
    parser.add_argument("--table", choices=list(TABLES), help="measure every composite instead")
    parser.add_argument(
        "--composites", nargs="+", choices=list(COMPOSITES), default=list(COMPOSITES)
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.table:
        with torch.no_grad():
            table(options)
        return
    device = options.device
    network = UNet(3, 6, 2, channels=(16, 32, 64, 128), strides=(2, 2, 2)).eval().to(device)
    image = torch.randn(6, *options.size).to(device)

    @torch.no_grad()
    def forward() -> None:
        network(image[None])

    forward()
    reset_peak_memory(device)
    forward()
    print(f"forward pass: peak memory {peak_memory_gb(device):.2f} GB")
    print("composite\twhat\tforward passes\tseconds\tpeak memory GB")
    for composite in ("epsilon", "alpha2_beta1"):
        start = time.perf_counter()
        explainer = Explainer(network, image, composite)
        exporting = time.perf_counter() - start
        times, memory = defaultdict(list), {}
        todo = jobs(explainer, image, torch.Generator().manual_seed(0))
        for _ in range(options.repetitions):
            for name, job in todo.items():
                times["forward"].append(seconds(forward, device))
                reset_peak_memory(device)
                times[name].append(seconds(job, device) / (3 if "one voxel" in name else 1))
                memory[name] = peak_memory_gb(device)
        pass_s = min(times["forward"])
        print(f"{composite}\tforward pass\t1.0\t{pass_s:.3f}\t")
        for name in todo:
            taken = min(times[name])
            print(f"{composite}\t{name}\t{taken / pass_s:.1f}\t{taken:.3f}\t{memory[name]:.2f}")
        region_s = min(times[f"region of {LITERAL} voxels"])
        for name in ("one voxel, activations kept", "one voxel, from scratch"):
            literal_s = LITERAL * min(times[name])
            print(
                f"{composite}\t{LITERAL} times {name} (extrapolated)\t{literal_s / pass_s:.0f}\t"
                f"{literal_s:.0f}\t\t{literal_s / region_s:.0f} times the region's time"
            )
        print(f"{composite}\texporting, once\t{exporting / pass_s:.1f}\t{exporting:.3f}\t")


if __name__ == "__main__":
    main()
