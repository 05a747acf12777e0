"""Signal equations, coil bias field and noise."""

import dcmri
import numpy as np

from mrelevance.phantom.kinetics import Circulation, relaxation_rate_change
from mrelevance.phantom.settings import FIELD_STRENGTHS_T, Settings
from mrelevance.phantom.shapes import Coordinates
from mrelevance.phantom.tissues import Tissue

# Signal of fully relaxed tissue with the proton density of water, in the units of the images.
FULL_SIGNAL = {"T1": 12000.0, "T2": 1500.0}


def weighting(sequence: str, settings: Settings) -> str:
    """Return the weighting of a sequence, `T1` or `T2`."""
    return "T2" if sequence in settings.t2_weighted else "T1"


def tissue_signal(
    tissue: Tissue, sequence: str, circulation: Circulation, settings: Settings
) -> float:
    """Compute the signal of one tissue in one sequence, without noise and bias field.

    T1-weighted: spoiled gradient echo in the steady state,
    `S = PD sin(a) (1 - E) / (1 - cos(a) E)` with `E = exp(-TR R1)`. T2-weighted: turbo spin echo,
    `S = PD exp(-TE / T2)`; contrast agent is neglected there.
    """
    strength = FIELD_STRENGTHS_T.index(settings.field_strength_T)
    kind = weighting(sequence, settings)
    full = FULL_SIGNAL[kind] * tissue.proton_density
    if kind == "T2":
        rate = 1000 / tissue.t2_ms[strength]
        return float(dcmri.signal_t2w(rate, full, settings.echo_time_ms / 1000))
    rate = 1000 / tissue.t1_ms[strength] + relaxation_rate_change(
        tissue, circulation, settings.field_strength_T, settings.times_s[sequence]
    )
    return float(
        dcmri.signal_ss(full, rate, settings.repetition_time_ms / 1000, settings.flip_angle_deg)
    )


def bias_field(at: Coordinates, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Draw a coil sensitivity (D, H, W): exp of a random quadratic within +-`strength`."""
    unit = [axis / np.float32(np.abs(axis).max()) for axis in at]
    tilt = rng.uniform(-0.5, 0.5, 3)
    bend = rng.uniform(-0.5, 0.5, 3)
    log_field = sum(
        np.float32(a) * u + np.float32(b) * (u**2 - np.float32(1 / 3))
        for a, b, u in zip(tilt, bend, unit, strict=True)
    )
    return np.exp(np.float32(strength) * log_field / np.abs(log_field).max())


def rician_noise(signal: np.ndarray, rng: np.random.Generator, sd: float) -> np.ndarray:
    """Add complex Gaussian noise of standard deviation `sd` per part; return the magnitude."""
    real = signal + np.float32(sd) * rng.standard_normal(signal.shape, np.float32)
    imaginary = np.float32(sd) * rng.standard_normal(signal.shape, np.float32)
    return np.sqrt(real**2 + imaginary**2)
