"""Compare relevance on CPU and GPU, and measure its time and memory there.

    python benchmarks/gpu.py                # on a GPU: under 6 minutes
    python benchmarks/gpu.py --small        # everything once at small sizes, also without a GPU

Needs PyTorch, NumPy and MONAI alone, besides `src` of this repository. It prints a table as
Markdown, and the same as JSON. Without a GPU the CPU takes its place, and the memory limit is
simulated. The exit status is 1 if results on CPU and GPU differ by more than 1e-4 of their largest
value, or if something failed.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import torch
from monai.networks import nets
from torch import Tensor, nn

from mrelevance.attribution.shapley import shapley_values
from mrelevance.lrp import Ensemble, Explainer, Member, Tiles, Windows
from mrelevance.lrp.composites import COMPOSITES, FROM_BASELINE
from mrelevance.networks.inference import PaddedNetwork
from mrelevance.networks.memory import WithinMemory
from mrelevance.networks.training_step import Batch, new_state, train_step
from mrelevance.runtime.errors import InputError

TOLERANCE = 1e-4
TARGET = (1, 0)
CHANNELS = {"spatial_dims": 3, "in_channels": 2, "out_channels": 2}
LEAKY = ("leakyrelu", {"negative_slope": 0.01})
SETTINGS = {
    "learning_rate": 0.001, "weight_decay": 0.01, "steps": 100, "warmup_share": 0.2,
    "gradient_norm": 1.0,
}  # fmt: skip

Row = dict[str, str | float | None]


def dynamic_unet(channels: int, classes: int, filters: tuple[int, ...], norm: str) -> nn.Module:
    """The network of the default study or of nnU-Net, by filters and normalisation."""
    depth = len(filters)
    return nets.DynUNet(
        3, channels, classes, [3] * depth, [1] + [2] * (depth - 1), [2] * (depth - 1),
        filters=filters, norm_name=(norm, {"affine": True}), act_name=LEAKY,
    )  # fmt: skip


# Size of the image (D, H, W), then the arguments of `dynamic_unet`.
FULL = {
    "default study": ((40, 96, 96), 6, 2, (16, 32, 64, 128), "batch"),
    "nnU-Net": ((128, 128, 128), 4, 2, (32, 64, 128, 256, 320, 320), "instance"),
}
LARGE = {"default study, large patients": ((64, 256, 256), *FULL["default study"][1:])}
"""Of these, relevance alone is timed."""
SMALL = {
    "default study": ((8, 16, 16), 6, 2, (4, 6, 8), "batch"),
    "nnU-Net": ((16, 16, 16), 4, 2, (4, 6, 8), "instance"),
}

COMPARED: dict[str, Callable[[], nn.Module]] = {
    "DynUNet, batch norm": lambda: dynamic_unet(2, 2, (8, 16, 24), "batch"),
    "DynUNet, instance norm": lambda: dynamic_unet(2, 2, (8, 16, 24), "instance"),
    "SegResNet, group norm": lambda: nets.SegResNet(
        **CHANNELS, init_filters=8, blocks_down=(1, 1, 1), blocks_up=(1, 1)
    ),
    "AttentionUnet": lambda: nets.AttentionUnet(**CHANNELS, channels=(8, 16, 24), strides=(2, 2)),
    "residual UNet, PReLU": lambda: nets.UNet(
        **CHANNELS, channels=(8, 16, 24), strides=(2, 2), num_res_units=2, norm="BATCH"
    ),
    "SwinUNETR": lambda: nets.SwinUNETR(
        **CHANNELS, feature_size=12, num_heads=(1, 2, 4, 8), window_size=4, norm_name="batch"
    ),
}
DIVISORS = {"SwinUNETR": 32}
"""Images are enlarged to a multiple of it, where a network needs that."""


def with_statistics(network: nn.Module) -> nn.Module:
    """Evaluation mode, with statistics of batch norm as after training."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) / 10)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
    return network.eval()


def image_and_baseline(sequences: int, size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Noise, and the same with other noise in a box in the middle."""
    generator = torch.Generator().manual_seed(0)
    image, other = (torch.randn(sequences, *size, generator=generator) for _ in range(2))
    box = central_box(size)
    baseline = image.clone()
    baseline[:, *box] = other[:, *box]
    return image, baseline


def central_box(size: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(3 * length // 8, 5 * length // 8) for length in size)


def region_of(image: Tensor) -> Tensor:
    region = torch.zeros(image.shape[1:], dtype=torch.bool, device=image.device)
    region[central_box(tuple(image.shape[1:]))] = True
    return region


def explainer_of(
    network: nn.Module, image: Tensor, baseline: Tensor, composite: str, **options: object
) -> Explainer:
    if composite in FROM_BASELINE:
        options["baseline"] = baseline
    return Explainer(network, image, composite, **options)


def parts_and_map(explainer: Explainer, image: Tensor) -> tuple[Tensor, Tensor]:
    """Part of each sequence at every voxel, and the map of the central box."""
    explanation = explainer.explain(image, TARGET)
    return explanation.sequence_parts, explanation.weighted_map(region_of(image))


def margin_of(network: nn.Module) -> Callable[[Tensor], Tensor]:
    def margin(image: Tensor) -> Tensor:
        logits = network(image)
        return logits[0, 1] - logits[0, 0]

    return margin


def compare_devices(device: torch.device, size: tuple[int, ...]) -> list[Row]:
    """Largest difference between CPU and device, relative to the largest value."""
    rows = []
    for name, build in COMPARED.items():
        divisor = DIVISORS.get(name, 1)
        enlarged = tuple(-(-length // divisor) * divisor for length in size)
        image, baseline = image_and_baseline(2, enlarged)
        torch.manual_seed(0)
        networks = {"cpu": with_statistics(build()), device.type: with_statistics(build())}
        networks[device.type].load_state_dict(networks["cpu"].state_dict())
        networks[device.type].to(device)
        found: dict[str, dict[str, tuple[Tensor, ...]]] = {}
        for place, network in networks.items():
            x, x0 = image.to(place), baseline.to(place)
            first = Explainer(network, x, "zero")
            found[place] = {"Shapley values": shapley_values(margin_of(network), x, x0)[:1]}
            for composite in COMPOSITES:
                chosen = {"baseline": x0} if composite in FROM_BASELINE else {}
                explainer = first.with_composite(composite, **chosen)
                found[place][composite] = parts_and_map(explainer, x)
        for method, expected in found["cpu"].items():
            pairs = zip(found[device.type][method], expected, strict=True)
            worst = max(float((a.cpu() - b).abs().max() / b.abs().max()) for a, b in pairs)
            rows.append({
                "part": "CPU and device agree", "network": name, "what": method,
                "precision": "float32", "difference": worst, "ok": worst <= TOLERANCE,
            })  # fmt: skip
    return rows


def timed(
    device: torch.device, job: Callable[[], object], warm: bool = True
) -> tuple[float, float]:
    """Seconds of a job, and the GPU's peak memory in GB meanwhile (NaN on the CPU)."""
    gpu = device.type == "cuda"
    if warm and gpu:
        job()
    if gpu:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    job()
    if gpu:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    return seconds, torch.cuda.max_memory_allocated() / 1e9 if gpu else float("nan")


def allow_tf32(allowed: bool) -> None:
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed


def time_relevance(
    device: torch.device, name: str, network: nn.Module, size: tuple[int, ...]
) -> list[Row]:
    """Seconds, forward passes and memory of relevance, by precision."""
    sequences = next(network.parameters()).shape[1]
    image, baseline = (side.to(device) for side in image_and_baseline(sequences, size))
    network = with_statistics(network).to(device)
    rows = []
    for precision in ("float32", "TF32", "bfloat16"):
        allow_tf32(precision == "TF32")
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        typed, x, x0 = network.to(dtype), image.to(dtype), baseline.to(dtype)
        deeplift = Explainer(typed, x, "deeplift", baseline=x0)
        deepshap = deeplift.with_composite("deepshap", baseline=x0)
        jobs = {
            "forward pass": lambda typed=typed, x=x: typed(x[None]),
            "deeplift, region": lambda e=deeplift, x=x: e.explain(x).weighted_map(region_of(x)),
            "deeplift, shares": lambda e=deeplift, x=x: e.shares(x),
            "deepshap, shares": lambda e=deepshap, x=x: e.shares(x),
            "deepshap, region": lambda e=deepshap, x=x: e.explain(x).weighted_map(region_of(x)),
            "Shapley values": lambda net=typed, x=x, x0=x0: shapley_values(margin_of(net), x, x0),
        }
        one_pass = None
        for what, job in jobs.items():
            row: Row = {"part": "time", "network": name, "what": what, "precision": precision}
            try:
                seconds, memory = timed(
                    device, job, warm=what in ("forward pass", "deeplift, region")
                )
            except (InputError, RuntimeError) as error:
                rows.append({**row, "note": first_line(error), "ok": False})
                continue
            one_pass = one_pass or seconds
            rows.append({
                **row, "seconds": seconds, "passes": seconds / one_pass, "memory_gb": memory,
                "ok": True,
            })  # fmt: skip
    allow_tf32(False)
    network.float().cpu()
    return rows


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"


def limit_memory(device: torch.device, small: bool) -> list[Row]:
    """Relevance in tiles and on the CPU, where the GPU's memory does not suffice."""
    size = (16, 64, 16) if small else (40, 256, 256)
    filters = (4, 6, 8) if small else (16, 32, 64, 128)
    divisor = 2 ** (len(filters) - 1)
    torch.manual_seed(0)
    network = with_statistics(dynamic_unet(6, 2, filters, "batch"))
    image, baseline = image_and_baseline(6, size)

    def explain(free_gb: float | None) -> tuple[str, tuple[Tensor, Tensor]]:
        padded = PaddedNetwork(network, divisor).eval()
        memory = WithinMemory(
            [network], size[::-1], divisor, tuple(image.shape), "benchmark", device
        )

        def compute(place: torch.device, tiles: Tiles | None) -> tuple[Tensor, Tensor]:
            if free_gb is not None and device.type == "cpu" and tiles is None:
                raise torch.OutOfMemoryError("simulated: whole windows do not fit")
            x = image.to(place)
            ensemble = Ensemble((Member(padded),), Windows(size, tiles=tiles))
            explainer = Explainer(ensemble, x, "deeplift", baseline=baseline.to(place))
            return tuple(result.cpu() for result in parts_and_map(explainer, x))

        if device.type == "cuda":
            total = torch.cuda.get_device_properties(device).total_memory / 1e9
            torch.cuda.empty_cache()
            fraction = 1.0 if free_gb is None else min(1.0, free_gb / total)
            torch.cuda.set_per_process_memory_fraction(fraction)
        result = memory.run(compute)
        tiled = "whole windows" if memory.tiles is None else f"tiles of {memory.tiles.size}"
        return f"{memory.device.type}, {tiled}", result

    rows = []
    seconds, needed = timed(device, lambda: explain(None), warm=False)
    _, expected = explain(None)
    caps = {"half of the memory": needed / 2, "a fiftieth": needed / 50}
    if device.type == "cpu":
        caps = {"simulated": 0.0}
    for cap, free in caps.items():
        start = time.perf_counter()
        where, found = explain(free)
        worst = max(
            float((a - b).abs().max() / b.abs().max()) for a, b in zip(found, expected, strict=True)
        )
        rows.append({
            "part": "memory limit", "network": "default study", "what": f"{cap}: {where}",
            "precision": "float32", "seconds": time.perf_counter() - start,
            "memory_gb": free or None, "difference": worst, "ok": worst <= TOLERANCE,
            "note": f"without a limit: {seconds:.2f} s"
            + (f", {needed:.2f} GB" if device.type == "cuda" else ""),
        })  # fmt: skip
    if device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(1.0)
    return rows


class Utilisation(threading.Thread):
    """Samples how busy the GPU is, as nvidia-smi tells, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[float] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        """Sample ten times a second."""
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while not self.stopped.wait(0.1):
            try:
                said = subprocess.run(query, capture_output=True, text=True, check=True).stdout
            except (OSError, subprocess.CalledProcessError):
                return
            self.samples.append(float(said.splitlines()[torch.cuda.current_device()]))


def time_training(
    device: torch.device, name: str, network: nn.Module, size: tuple[int, ...], steps: int
) -> list[Row]:
    """Seconds per training step with batches of two, and the GPU's utilisation meanwhile."""
    sequences = next(network.parameters()).shape[1]
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, sequences, *size, generator=generator)
    batch = Batch(["noise"] * 2, images, (images[:, :1] > 1).float(), None)
    rows = []
    for precision in ("float32", "bfloat16"):
        settings = SETTINGS | {"precision": precision}
        state = new_state(network.to(device), settings)
        train_step(state, batch, settings, 0)
        busy = Utilisation()
        busy.start()

        def job(state=state, settings=settings) -> None:
            for step in range(steps):
                train_step(state, batch, settings, step + 1)

        seconds, memory = timed(device, job, warm=False)
        busy.stopped.set()
        rows.append({
            "part": "training step", "network": name, "what": f"2 patches of {size}",
            "precision": precision, "seconds": seconds / steps, "memory_gb": memory,
            "utilisation": statistics.median(busy.samples) if busy.samples else None, "ok": True,
        })  # fmt: skip
    network.cpu()
    return rows


COLUMNS = (
    "part", "network", "what", "precision", "seconds", "passes", "memory_gb", "difference",
    "utilisation", "ok", "note",
)  # fmt: skip


def as_markdown(rows: list[Row]) -> str:
    def cell(value: object) -> str:
        if value is None or value != value:
            return ""
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(cell(row.get(key)) for key in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="small sizes, for a trial")
    options = parser.parse_args()
    small = options.small
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu" and not small:
        parser.error("there is no GPU; try the script with --small")
    allow_tf32(False)
    torch.manual_seed(0)
    sizes = SMALL if small else FULL
    start = time.perf_counter()
    with torch.no_grad():
        rows = compare_devices(device, (8, 8, 8) if small else (32, 48, 32))
        for name, (size, *network) in (sizes if small else sizes | LARGE).items():
            rows += time_relevance(device, name, dynamic_unet(*network), size)
        rows += limit_memory(device, small)
    for name, (size, *network) in sizes.items():
        rows += time_training(device, name, dynamic_unet(*network), size, steps=2 if small else 20)
    gpu = device.type == "cuda"
    described = {
        "device": torch.cuda.get_device_name() if gpu else platform.processor() or "CPU",
        "torch": torch.__version__, "cuda": torch.version.cuda if gpu else None,
        "small": small, "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip
    print(" | ".join(f"{key}: {value}" for key, value in described.items()), end="\n\n")
    print(as_markdown(rows), end="\n\n")
    finite = [{k: None if v != v else v for k, v in row.items()} for row in rows]
    print(json.dumps({**described, "rows": finite}))
    if not all(row["ok"] for row in rows):
        raise SystemExit("some rows are not ok, see the table")


if __name__ == "__main__":
    main()
