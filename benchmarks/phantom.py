"""Print the phantom's seconds per patient, and its enhancement with that of volunteers.

Usage: python benchmarks/phantom.py [--patients 5] [--config config/config.yaml]
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import yaml

from mrelevance.phantom.kinetics import simulate_circulation, simulate_liver
from mrelevance.phantom.patient import simulate_patient
from mrelevance.phantom.settings import Settings, check_settings
from mrelevance.phantom.signal import tissue_signal
from mrelevance.phantom.tissues import TISSUES

AFTER_PEAK_S = (0, 20, 60, 120, 900)
# Signal over baseline after the aortic peak: medians of 25 volunteers of the TRISTAN study, whose
# curves are published with dcmri (Min et al., ISMRM 2024; CC BY 4.0).
VOLUNTEERS = {
    "liver": (1.02, 1.15, 1.25, 1.30, 1.60),
    "aorta": (4.3, 1.9, 1.6, 1.45, 1.17),
    "portal vein": (1.22, 1.94, 1.64, 1.42, 1.33),
}
PEOPLE = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=5)
    parser.add_argument("--config", default="config/config.yaml")
    arguments = parser.parse_args()
    with open(arguments.config) as file:
        config = yaml.safe_load(file)
    settings = check_settings(config["phantom"], config["sequences"], config["fixed_sequence"])
    seed = config["cohort"]["seed"]
    print(seconds_per_patient(arguments.patients, settings, seed).to_string(index=False))
    print()
    print(enhancement(settings).round(2).to_string())


def seconds_per_patient(count: int, settings: Settings, seed: int) -> pd.DataFrame:
    rows = []
    for number in range(count):
        wall, cpu = time.perf_counter(), time.process_time()
        patient = simulate_patient(f"benchmark {number}", settings, seed)
        rows.append(
            {
                "patient": number,
                "wall_s": time.perf_counter() - wall,
                "cpu_s": time.process_time() - cpu,
                "lesions": len(patient.all_lesions),
            }
        )
    return pd.DataFrame(rows).round(2)


def enhancement(settings: Settings) -> pd.DataFrame:
    """Median and standard deviation over simulated people, and median of the volunteers."""
    curves = {organ: [] for organ in VOLUNTEERS}
    for number in range(PEOPLE):
        rng = np.random.default_rng(number)
        poor_uptake = rng.random() < settings.poor_uptake_share
        circulation = simulate_circulation(rng, settings.dose_ml_per_kg)
        tissues = TISSUES | {"liver": simulate_liver(rng, poor_uptake)}
        times = {f"{s} s": circulation.arterial_peak_s + s for s in AFTER_PEAK_S}
        with_times = replace(settings, times_s=settings.times_s | times | {"before": None})
        for organ, curve in curves.items():
            signals = [
                tissue_signal(tissues[organ], name, circulation, with_times)
                for name in (*times, "before")
            ]
            curve.append(np.array(signals[:-1]) / signals[-1])
    columns = [f"{s} s" for s in AFTER_PEAK_S]
    rows = {}
    for organ, volunteers in VOLUNTEERS.items():
        rows[organ, "phantom"] = np.median(curves[organ], axis=0)
        rows[organ, "spread"] = np.std(curves[organ], axis=0)
        rows[organ, "volunteers"] = volunteers
    return pd.DataFrame.from_dict(
        {" ".join(key): values for key, values in rows.items()}, orient="index", columns=columns
    )


if __name__ == "__main__":
    main()
