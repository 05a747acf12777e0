"""A small study for figures: the inputs of every figure for any number of patients and sequences.

The tables of the patients are drawn at random, in the columns of the workflow. The steps of the
catalogue of tables make all others from them.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from helpers.print_images import write_images
from mrelevance.analysis.catalogue import TABLES
from mrelevance.analysis.steps import compute_tables
from mrelevance.protocol.subsets import choose_subsets
from mrelevance.runtime.columns import REGION_NAME

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config/config.yaml").read_text())
COMPOSITE = CONFIG["figures"]["composite"]
TUMOUR = "tumour"
COMPOSITES = ["alpha1_beta0", "epsilon-0.25", COMPOSITE]
# Region, number of the region, number of the lesion, type, diameter in mm: of every patient.
LESIONS = [
    ("TP", 1, 1, "hepatocellular carcinoma", 61.0),
    ("TP", 2, 2, "haemangioma", 11.0),
    ("FN", 3, 3, "focal nodular hyperplasia", 8.0),
    ("FP", 4, 0, "none", 6.0),
]
EXPLAINED = [("tumour", 0), ("TP", 1), ("TP", 2), ("FN", 3), ("FP", 4)]
ZONES = ["inside", "within_5_mm", "5_to_10_mm", "10_to_20_mm", "organ", "outside"]
STAGES = ["trained", "output", "decoder 1", "decoder 1/2", "decoder 1/4", "coarsest 1/8",
          "encoder 1/4", "encoder 1/2", "encoder 1"]  # fmt: skip
VARIANTS = {
    "baselines": {n: {"relevance": {"baseline": n}} for n in ("zero", "shuffled")},
    "motion_effect": {n: {"motion": {"method": n}} for n in ("rigid", "none")},
    "networks": {"other_seed": {"seed": 7}, "residual_network": {"network": {"name": "residual"}}},
}
MAPPED = ["epsilon", "gamma", "alpha1_beta0", "deeplift_halves", "deepshap",
          "seg_grad_cam_coarsest", "random"]  # fmt: skip


class Study:
    """Tables and files of a study, by the paths that the catalogues give them."""

    def __init__(self, folder: Path, sequences: list[str], patients: int) -> None:
        self.folder, self.sequences = folder, sequences
        self.patients = [f"P{50 + place}" for place in range(patients)]
        self.random = np.random.default_rng(len(sequences) + patients)
        self.files = write_images(folder, len(sequences), self.patients[0], COMPOSITE, MAPPED)
        self.tables = self._of_patients() | self._of_maps()
        for step in TABLES.values():
            self._make(step)
        self._prototypes()

    def inputs(self, entry) -> dict | None:
        """What `draw` takes for a figure; None if a study of so few sequences lacks an input."""
        found = {}
        for name, path in entry.inputs.items():
            if path.endswith(".tsv"):
                if path not in self.tables:
                    return None
                table = self.tables[path]
                found[name] = table.drop(columns=REGION_NAME, errors="ignore")
            elif "{patient}" in path:
                found[name] = dict.fromkeys(self.patients, self.files[path])
            else:
                found[name] = self.files[path]
        given = {
            "sequences": self.sequences, "fixed_sequence": self.sequences[-1],
            "composite": COMPOSITE, "resamples": 40, "confidence": 0.95, "seed": 0,
        }  # fmt: skip
        return found | {name: given[name] for name in entry.settings}

    def _make(self, step) -> None:
        paths = [given.path for given in step.inputs.values()]
        if step.arrays or not self.tables.keys() >= set(paths):
            return
        if step.target == "select" and len(self.sequences) == 1:
            return
        inputs = {
            name: {
                variant: self._of_variant(self.tables[given.path])
                for variant in self._variants(step.target)
            }
            if given.variants
            else self.tables[given.path]
            for name, given in step.inputs.items()
        }
        settings = {name: self._setting(key, step.target) for name, key in step.settings.items()}
        made = compute_tables(step, inputs, settings, {"": TUMOUR})
        self.tables |= {f"summary/{name}.tsv": table for name, table in made.items()}

    def _variants(self, target: str) -> dict:
        if target == "select":
            return {"study": {}} | {
                name: {} for name in self.tables["protocol/subsets.tsv"]["subset"]
            }
        return {"study": {}} | VARIANTS.get(target, {})

    def _of_variant(self, table: pd.DataFrame) -> pd.DataFrame:
        changed = table.copy()
        for column in ("dice", "relevance_pooled"):
            if column in table:
                changed[column] *= self.random.uniform(0.8, 1, len(table))
        return changed

    def _setting(self, key: str, target: str):
        given = {
            "variants": self._variants(target), "sequences": self.sequences,
            "summary.resamples": 40, "phantom.known_answer": "decoy",
            "phantom.known_answer_sequence": self.sequences[-1],
            "protocol.acquisition_minutes": dict.fromkeys(self.sequences, 2.5),
        }  # fmt: skip
        if key in given:
            return given[key]
        value = CONFIG
        for part in key.split("."):
            value = value[part]
        return value

    def _table(self, columns: dict, *keys: list) -> pd.DataFrame:
        """A row for every combination of patient and keys; single values stand in every row."""
        rows = [[one if isinstance(one, tuple) else (one,) for one in row]
                for row in product(self.patients, *keys)]  # fmt: skip
        flat = [[value for part in row for value in part] for row in rows]
        names = [name for name, value in columns.items() if value is None]
        table = pd.DataFrame(flat, columns=names)
        for name, value in columns.items():
            if value is not None:
                table[name] = value(len(table)) if callable(value) else value
        return table.assign(region_name=TUMOUR)

    def _shares(self, rows: int) -> np.ndarray:
        """Shares that sum to one for every region, among them negative and very large ones."""
        count = len(self.sequences)
        shares = self.random.dirichlet(np.ones(count), rows // count)
        shares += self.random.normal(0, 0.1, shares.shape)
        shares[::17] += self.random.normal(0, 3, shares[::17].shape)
        return (shares + (1 - shares.sum(axis=1, keepdims=True)) / count).ravel()

    def _of_patients(self) -> dict[str, pd.DataFrame]:
        names, normal = self.sequences, self.random.normal
        uniform = self.random.uniform

        def relevance(methods: list[str], error: float = 0.0) -> pd.DataFrame:
            return self._table(
                {"patient": None, "method": None, "region": None, "lesion": None, "sequence": None,
                 "target": "margin", "relevance": self._shares, "relevance_pooled": self._shares,
                 "voxels": 900, "excluded_voxels": 12, "conservation": 1.0,
                 "standard_error": error, "baseline_contrast": 1.3},
                methods, EXPLAINED, names,
            )  # fmt: skip

        sampled = 0.02 if len(names) > 8 else 0.0
        ablated = [("all", ""), ("none", "")]
        ablated += [(kind, name) for kind in ("drop_one", "keep_one") for name in names]
        lesions = self._table(
            {"patient": None, "region": None, "region_id": None, "lesion": None, "type": None,
             "diameter_mm": None, "volume_ml": lambda n: uniform(0.2, 120, n),
             "predicted_ml": 1.0, "voxels": 9, "uncovered_voxels": 0},
            LESIONS,
        )  # fmt: skip
        labelled = [(lesion, kind, mm) for region, _, lesion, kind, mm in LESIONS if region != "FP"]
        found = {
            "relevance": relevance(COMPOSITES),
            "gradient_methods": relevance(["gradient", "integrated_gradients", "random"]),
            "occlusion": relevance(["drop_one", "halves", "keep_one"]),
            "shapley": relevance(["shapley"], sampled),
        }
        # The measurement comes near the first composites, as it does in a study.
        found["relevance"]["relevance_pooled"] += 0.01
        folder = {"relevance": "relevance/{patient}{region}"}
        tables = {
            f"{folder.get(name, 'evaluation/{patient}{region}')}/{name}.tsv": table
            for name, table in found.items()
        }
        split = pd.DataFrame({"patient": self.patients, "split": "test"})
        trained = pd.DataFrame({"patient": [f"P{n}" for n in range(10, 32)], "split": "train"})
        trained.loc[:1, "split"] = "validation"
        tables |= {
            "cohort/split.tsv": pd.concat([split, trained], ignore_index=True),
            "raw/{patient}/lesions.tsv": self._table(
                {"patient": None, "lesion": None, "type": None, "diameter_mm": None,
                 "volume_ml": 3.0}, labelled,
            ).drop(columns=REGION_NAME),
            "motion/{patient}/quality.tsv": self._table(
                {"patient": None, "sequence": None, "method": "deformable", "flag": "good",
                 "reason": "", "displacement_mean_mm": 4.0, "displacement_p95_mm": 9.0,
                 "folded_share": 0.0, "jacobian_min": 0.9, "jacobian_max": 1.1,
                 "expected_error_mm": 0.5, "expected_error_low_mm": 0.3,
                 "expected_error_high_mm": 0.8, "better_mirrored": "", "coverage": 1.0,
                 "lesion_coverage": 1.0,
                 "similarity_before": lambda n: uniform(0.2, 0.3, n),
                 "similarity_after": lambda n: uniform(0.3, 0.4, n),
                 "error_before_mm": lambda n: uniform(4, 9, n),
                 "error_after_mm": lambda n: uniform(0, 1, n),
                 "landmark_error_before_mm": lambda n: uniform(4, 9, n),
                 "landmark_error_after_mm": lambda n: uniform(0, 1, n)},
                names[:-1] or names,
            ).drop(columns=REGION_NAME),
            "prediction/{patient}{region}/scores.tsv": self._table(
                {"patient": None, "dice": lambda n: uniform(0.5, 1, n), "surface_distance_mm": 1.0,
                 "lesions": 3, "detected": 2, "false_positives": 1},
            ),
            "prediction/{patient}{region}/lesions.tsv": lesions,
            "evaluation/{patient}{region}/ablation.tsv": self._table(
                {"patient": None, "ablation": None, "sequence": None,
                 "dice": lambda n: uniform(0, 1, n), "lesions": 3, "detected": 1,
                 "false_positives": 1, "margin": lambda n: normal(0, 5, n)},
                ablated,
            ),
            "relevance/{patient}{region}/context.tsv": self._table(
                {"patient": None, "method": None, "region": None, "lesion": None, "zone": None,
                 "sequence": None, "target": "margin", "zone_voxels": 9,
                 "relevance": lambda n: normal(0.1, 0.1, n),
                 "positive": lambda n: uniform(0.1, 0.4, n),
                 "negative": lambda n: uniform(-0.2, 0, n)},
                COMPOSITES, EXPLAINED[1:], ZONES, names,
            ),
            "relevance/{patient}{region}/contrast.tsv": self._table(
                {"patient": None, "region": None, "lesion": None, "sequence": None,
                 "contrast": lambda n: normal(0, 4, n)},
                EXPLAINED[1:], names,
            ),
            "raw/{patient}/truth/conspicuity.tsv": self._table(
                {"patient": None, "lesion": None, "sequence": None,
                 "contrast_to_noise": lambda n: normal(0, 14, n)},
                [1, 2, 3], names,
            ).drop(columns=REGION_NAME),
            "evaluation/{patient}{region}/targets.tsv": self._table(
                {"patient": None, "target": None, "region": None, "lesion": None, "sequence": None,
                 "voxels": 9, "contribution": lambda n: normal(3, 2, n),
                 "relevance_pooled": self._shares},
                ["margin", "tumour", "background"], EXPLAINED, names,
            ),
            "model/history.tsv": pd.DataFrame(
                {"epoch": range(1, 11), "step": range(100, 1001, 100), "learning_rate": 0.001,
                 "training_loss": np.linspace(1.5, 0.2, 10),
                 "validation_dice": np.linspace(0.1, 0.8, 10)}
            ),
        }  # fmt: skip
        if len(names) > 1:
            tables["protocol/subsets.tsv"] = choose_subsets("default", names, found["shapley"])
        return tables

    def _of_maps(self) -> dict[str, pd.DataFrame]:
        """Tests of the maps of every method, on the largest lesion of every patient."""
        steps = [(place, share) for place, share in enumerate([0, 0.005, 0.03, 0.17, 0.4, 1.0])]
        curves = self._table(
            {"patient": None, "method": None, "units": None, "replacement": None, "order": None,
             "step": None, "replaced_share": None, "lesion": 1, "replaced": 1,
             "margin": lambda n: self.random.normal(1, 2, n)},
            MAPPED, ["all_sequences", "one_sequence"], ["baseline", "noise", "shuffled"],
            ["most_relevant", "least_relevant"], steps,
        )  # fmt: skip
        curves.loc[curves["step"] == 0, "margin"] = 9.0
        similarities = self._table(
            {"patient": None, "method": None, "stage": None, "stage_name": None, "lesion": 1,
             "similarity": lambda n: self.random.uniform(-0.2, 1, n), "similarity_signed": 0.5},
            ["network_output", *MAPPED],
            list(enumerate(STAGES)),
        )  # fmt: skip
        layers = [(depth + 1, "convolution") for depth in range(8)]
        whole = {"deeplift_halves", "integrated_gradients", "seg_grad_cam_coarsest"}
        of_layers = {"layer": "a", "received": 1.0, "passed": 1.0, "absorbed": 0.0,
                     "remaining": lambda n: self.random.normal(1, 0.7, n), "lesion": 1}  # fmt: skip
        keys = {"patient": None, "method": None, "depth": None, "operation": None}
        conservation = pd.concat([
            self._table(keys | of_layers, [m for m in MAPPED if m not in whole], layers),
            self._table(keys | of_layers, sorted(whole & set(MAPPED)), [(1, "whole")]),
        ])  # fmt: skip
        folder = "evaluation/maps{region}"
        return {
            f"{folder}/perturbation.tsv": curves,
            f"{folder}/randomisation.tsv": similarities,
            f"{folder}/conservation.tsv": conservation[conservation["patient"] == self.patients[0]],
        }

    def _prototypes(self) -> None:
        kinds = [kind for region, *_, kind, _ in LESIONS if region == "TP"]
        maps = self.random.normal(0.2, 1, (len(kinds), len(self.sequences), 9, 9, 9))
        path = self.files["summary/prototypes{region}.npz"] = self.folder / "prototypes.npz"
        np.savez(path, types=kinds, lesions=[len(self.patients)] * len(kinds), maps=maps)
