"""Kinetics of the contrast agent: concentrations in blood and tissue after an injection."""

from dataclasses import dataclass, replace

import dcmri
import numpy as np

from mrelevance.phantom.tissues import TISSUES, Perfusion, Tissue

AGENT = "gadoxetate"
HAEMATOCRIT = 0.45
# Dense while the bolus passes, sparse afterwards: the model's cost grows with their square.
TIMES_S = np.concatenate([np.arange(0, 60, 1), np.arange(60, 200, 4), np.arange(200, 1241, 20)])


@dataclass(frozen=True)
class Circulation:
    """One patient's blood concentrations in mol/L at TIMES_S after the injection began."""

    artery: np.ndarray
    portal: np.ndarray
    vein: np.ndarray

    @property
    def arterial_peak_s(self) -> float:
        """Time of the arterial peak, in seconds after the start of the injection."""
        return float(TIMES_S[self.artery.argmax()])


def simulate_circulation(rng: np.random.Generator, dose_ml_per_kg: float) -> Circulation:
    """Simulate the blood concentrations of one patient.

    The arterial input is the whole-body model of the TRISTAN study (`dcmri.aif_tristan`; Min et
    al., ISMRM 2024). Its parameters were fitted once to the median aortic, portal and liver curves
    of that study's 25 volunteers; they vary around the fit from patient to patient.
    """

    def varied(value: float, spread: float) -> float:
        return value * float(np.exp(np.clip(rng.normal(0, spread), -2 * spread, 2 * spread)))

    artery = dcmri.aif_tristan(
        TIMES_S,
        agent=AGENT,
        dose=dose_ml_per_kg,
        rate=1,
        BAT=float(rng.uniform(3, 7)),
        CO=varied(170, 0.12),
        E=varied(0.165, 0.12),
        Thl=varied(9.8, 0.08),
        Dhl=0.65,
        Tp=varied(39, 0.1),
        Te=varied(106, 0.1),
        Ee=varied(0.45, 0.08),
    )
    # The gut and the body delay and smear the bolus before it reaches the veins.
    portal = dcmri.flux(artery, varied(45, 0.15), 0.9, t=TIMES_S, model="pfcomp")
    vein = dcmri.flux(artery, varied(60, 0.15), 0.9, t=TIMES_S, model="pfcomp")
    return Circulation(artery, portal, vein)


def simulate_liver(rng: np.random.Generator, poor_uptake: bool) -> Tissue:
    """Draw one patient's liver parenchyma; poor uptake comes with a slightly longer T1."""
    liver = TISSUES["liver"]
    uptake = rng.uniform(0.12, 0.4) if poor_uptake else rng.uniform(0.8, 1.35)
    stretch = rng.uniform(1.05, 1.2) if poor_uptake else rng.uniform(0.92, 1.06)
    perfusion = replace(
        liver.supply,
        khe=liver.supply.khe * uptake,
        # The portal vein supplies less of a cirrhotic liver.
        fa=rng.uniform(0.25, 0.4) if poor_uptake else rng.uniform(0.1, 0.2),
    )
    return replace(liver, t1_ms=tuple(t * stretch for t in liver.t1_ms), supply=perfusion)


def relaxation_rate_change(
    tissue: Tissue, circulation: Circulation, field_strength: float, time_s: float | None
) -> float:
    """Compute the rise of 1/T1 (1/s) at `time_s` after the injection; None means before it."""
    if time_s is None or tissue.supply is None:
        return 0.0
    plasma = dcmri.relaxivity(field_strength, "plasma", AGENT)
    if isinstance(tissue.supply, Perfusion):
        extracellular, cells = _concentrations(tissue.supply, circulation)
        in_cells = "hepatocytes" if tissue.supply.hepatocytes else "plasma"
        rise = plasma * extracellular + dcmri.relaxivity(field_strength, in_cells, AGENT) * cells
    else:
        rise = plasma * getattr(circulation, tissue.supply)
    return float(np.interp(time_s, TIMES_S, rise))


def _concentrations(
    perfusion: Perfusion, circulation: Circulation
) -> tuple[np.ndarray, np.ndarray]:
    """Concentrations (mol/L of tissue) outside and inside the cells at TIMES_S."""
    return dcmri.conc_liver(
        circulation.artery,
        TIMES_S,
        sum=False,
        cv=circulation.portal,
        H=HAEMATOCRIT,
        ve=perfusion.ve,
        Fp=perfusion.Fp,
        fa=perfusion.fa,
        Ta=perfusion.Ta,
        khe=perfusion.khe,
        Th=perfusion.Th,
    )
