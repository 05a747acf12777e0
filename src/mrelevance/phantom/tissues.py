"""Tissue constants: relaxation times, water content, perfusion.

Relaxation times before contrast: Stanisz et al. (Magn Reson Med 2005), de Bazelaire et al.
(Radiology 2004) and Gach et al. (ICSEng 2008) for muscle, spleen, kidney, marrow, blood and spinal
fluid; Waterton (2021, as in dcmri) for liver T1. Lesions and liver at 1.5 T follow the literature
on gadoxetate-enhanced liver MRI: T1 liver 600, HCC 1056, metastasis 1757, haemangioma 2524, cyst
3793 ms; T2 liver 54, malignant 85, haemangioma 155, cyst 583 ms; at 3 T they change as in organs
of similar relaxation. The rest (bowel, stomach, bile, lung) is plausible, not measured.

Perfusion is chosen such that the liver follows the volunteers' curves, that lesions have about the
T1 of the literature 15 minutes after injection (HCC 724, metastasis 1033, haemangioma 1071, cyst
3671 ms), and that they enhance in the order that radiologists know.

Fat has the low proton density that mimics fat suppression. Blood has a shortened T2, which mimics
the signal that a spin echo loses to flow.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Perfusion:
    """Tissue with two inlets, one extracellular space, and slow uptake into cells or interstitium.

    Parameters as in `dcmri.conc_liver` (model 2I-IC): `ve` extracellular volume (mL/cm3), `Fp`
    plasma flow (mL/s/cm3), `fa` its arterial share, `Ta` arterial delay (s), `khe` uptake
    (mL/s/cm3), `Th` transit time of what was taken up (s).
    """

    ve: float
    Fp: float
    fa: float
    Ta: float
    khe: float
    Th: float
    hepatocytes: bool = False  # whether what is taken up has the relaxivity in hepatocytes


@dataclass(frozen=True)
class Tissue:
    """One tissue: T1 and T2 in ms at 1.5 and 3 T, proton density, and how contrast reaches it.

    `supply` is a Perfusion, the name of a blood pool (`artery`, `portal`, `vein`), or None.
    """

    t1_ms: tuple[float, float]
    t2_ms: tuple[float, float]
    proton_density: float
    supply: Perfusion | str | None = None


BLOOD_T1 = (1441, 1650)

TISSUES = {
    "air": Tissue((1000, 1000), (50, 50), 0.0),
    "subcutaneous fat": Tissue((340, 380), (68, 65), 0.22),
    "visceral fat": Tissue((340, 380), (68, 65), 0.18),
    "muscle": Tissue((1008, 1412), (44, 40), 0.75, Perfusion(0.12, 0.0012, 1, 4, 1e-5, 900)),
    "lung": Tissue((1200, 1300), (30, 25), 0.07, Perfusion(0.2, 0.02, 1, 0, 1e-5, 900)),
    "bowel": Tissue((900, 1200), (70, 62), 0.70, Perfusion(0.15, 0.004, 1, 3, 1e-5, 900)),
    "spleen": Tissue((1100, 1330), (79, 61), 0.85, Perfusion(0.25, 0.015, 1, 2, 1e-5, 900)),
    "kidney cortex": Tissue((1024, 1399), (87, 76), 0.85, Perfusion(0.3, 0.04, 1, 1, 8e-4, 600)),
    "kidney medulla": Tissue((1272, 1685), (95, 81), 0.85, Perfusion(0.2, 0.005, 1, 8, 2e-3, 900)),
    "stomach wall": Tissue((1000, 1300), (60, 54), 0.80, Perfusion(0.15, 0.006, 1, 2, 1e-5, 900)),
    "stomach contents": Tissue((2200, 2500), (180, 160), 0.90),
    "gas": Tissue((1000, 1000), (50, 50), 0.0),
    "bone": Tissue((552, 587), (49, 45), 0.50, Perfusion(0.10, 0.003, 1, 4, 1e-5, 900)),
    "spinal fluid": Tissue((4200, 4200), (700, 600), 1.0),
    "gall bladder": Tissue((2600, 2800), (350, 300), 1.0),
    "heart": Tissue((1030, 1471), (50, 45), 0.80, Perfusion(0.2, 0.012, 1, 0, 1e-5, 900)),
    "aorta": Tissue(BLOOD_T1, (32, 30), 0.80, "artery"),
    "vena cava": Tissue(BLOOD_T1, (45, 40), 0.80, "vein"),
    "portal vein": Tissue(BLOOD_T1, (48, 42), 0.80, "portal"),
    "hepatic vein": Tissue(BLOOD_T1, (42, 37), 0.80, "vein"),
    "liver": Tissue(
        (602, 752), (54, 44), 0.80, Perfusion(0.15, 0.012, 0.15, 3, 0.0042, 3900, True)
    ),
}

# Each lesion type is a list of shells from the surface inwards: (depth at which the shell begins,
# as a share of the radius; tissue). Shells give the metastasis its rim, and fill the haemangioma
# from its border.
LESIONS = {
    "HCC": [
        (0.0, Tissue((1056, 1250), (85, 74), 0.85, Perfusion(0.28, 0.03, 1, 1, 9e-4, 1500, True))),
    ],
    "metastasis": [
        (0.0, Tissue((1500, 1780), (80, 70), 0.85, Perfusion(0.30, 0.02, 1, 1, 1.0e-3, 1500))),
        (0.3, Tissue((1757, 2050), (90, 78), 0.88, Perfusion(0.25, 0.0015, 1, 6, 1.3e-3, 2500))),
    ],
    "haemangioma": [
        (0.0, Tissue((2524, 2700), (155, 135), 0.92, Perfusion(0.55, 0.02, 1, 2, 1.5e-3, 2500))),
        (0.2, Tissue((2524, 2700), (155, 135), 0.92, Perfusion(0.55, 0.006, 1, 10, 1.5e-3, 2500))),
        (0.45, Tissue((2524, 2700), (155, 135), 0.92, Perfusion(0.5, 0.002, 1, 30, 1.4e-3, 2500))),
        (0.7, Tissue((2524, 2700), (155, 135), 0.92, Perfusion(0.5, 0.001, 1, 60, 1.2e-3, 2500))),
    ],
    "cyst": [
        (0.0, Tissue((3793, 3900), (583, 500), 1.0)),
    ],
    "FNH": [
        (0.0, Tissue((720, 880), (64, 54), 0.82, Perfusion(0.25, 0.03, 1, 1, 0.0048, 4500, True))),
    ],
}

# Focal nodular hyperplasia is benign and not labelled: the network must learn to ignore it.
UNLABELLED = ("FNH",)
MALIGNANT = ("HCC", "metastasis")
