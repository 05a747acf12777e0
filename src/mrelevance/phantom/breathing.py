"""Breathing: where each point of the fixed sequence lies in another sequence.

The map is composed of two invertible ones. First the contents of the abdomen slide along its wall,
cranio-caudally only: the wall is a tube along z, so nothing crosses it. Then everything is
displaced smoothly, sideways and front to back. The map is smooth inside the wall and outside;
across the wall the displacement jumps, as it does in people.
"""

from dataclasses import dataclass

import numpy as np

from mrelevance.phantom.anatomy import Cavity
from mrelevance.phantom.settings import Settings

# The displacement changes by less than a fifth of the distance, in both maps: after these
# iterations the error is below a thousandth of a mm.
ITERATIONS = 6


@dataclass(frozen=True)
class Breathing:
    """Breathing state of one sequence relative to the fixed sequence.

    Points are arrays (z, y, x) in mm, each coordinate an array of one shape.
    """

    cavity: Cavity
    amplitude_mm: float  # cranio-caudal displacement at the peak, positive to the head
    peak: tuple[float, float, float]  # where the liver moves most
    width_mm: tuple[float, float, float]  # how slowly the slide fades from there
    sideways: tuple[float, float]  # smooth displacement (y, x) as shares of the amplitude
    phase: tuple[float, float, float]

    def move(self, points: np.ndarray) -> np.ndarray:
        """Map points (3, ...) of the fixed sequence to where they lie in this sequence."""
        z, y, x = _float32(points)
        z = z + self._slide_section(y, x) * self._slide_along(z)
        shift_y, shift_x = self._sideways(z, y, x)
        return np.stack([z, y + shift_y, x + shift_x])

    def undo(self, points: np.ndarray) -> np.ndarray:
        """Map points (3, ...) of this sequence to where they lie in the fixed sequence."""
        z, there_y, there_x = _float32(points)
        y, x = there_y, there_x
        for _ in range(ITERATIONS):
            shift_y, shift_x = self._sideways(z, y, x)
            y, x = there_y - shift_y, there_x - shift_x
        section = self._slide_section(y, x)
        there_z = z
        for _ in range(ITERATIONS):
            z = there_z - section * self._slide_along(z)
        return np.stack([z, y, x])

    def displacement(self, points: np.ndarray) -> np.ndarray:
        """Return the displacement (3, ...) in mm, `move(points) - points`."""
        return self.move(points) - _float32(points)

    def _slide_section(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Factor of the slide in the (y, x) plane: 1 at the peak, .33 far from it, 0 outside."""
        _, peak_y, peak_x = self.peak
        _, width_y, width_x = self.width_mm
        bump = _bump((y - np.float32(peak_y)) / np.float32(width_y))
        bump = bump * _bump((x - np.float32(peak_x)) / np.float32(width_x))
        factor = np.float32(0.33) + np.float32(0.67) * bump
        return np.where(self.cavity.distance(y, x) < 0, factor, np.float32(0))

    def _slide_along(self, z: np.ndarray) -> np.ndarray:
        """Factor of the slide along z, in mm."""
        scaled = (z - np.float32(self.peak[0])) / np.float32(self.width_mm[0])
        return np.float32(self.amplitude_mm) * _bump(scaled)

    def _sideways(
        self, z: np.ndarray, y: np.ndarray, x: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Smooth displacement along y and x: largest in front, almost none at the spine."""
        ahead = np.float32(0.5) - np.arctan((y - np.float32(10)) / np.float32(30)) / np.float32(
            np.pi
        )
        bump = _bump((z - np.float32(self.peak[0])) / np.float32(120)) * ahead
        along, across, turn = (np.float32(p) for p in self.phase)
        wave = np.sin(z / np.float32(45) + along) * np.sin(x / np.float32(50) + across)
        wave = np.float32(0.12 * self.amplitude_mm) * wave * ahead
        share_y, share_x = self.sideways
        # The belly rises as the liver descends.
        shift_y = np.float32(share_y * self.amplitude_mm) * bump + wave * np.cos(turn)
        shift_x = np.float32(share_x * self.amplitude_mm) * bump + wave * np.sin(turn)
        return shift_y, shift_x


def draw_breathing(
    settings: Settings, cavity: Cavity, liver_centre: np.ndarray, rng: np.random.Generator
) -> dict[str, Breathing]:
    """Draw the breathing state of every sequence: the fixed one does not move, T2 moves most.

    The peak lies near `liver_centre` (z, y, x), towards the dome on the right.
    """
    fixed = settings.fixed_sequence
    moving = [sequence for sequence in settings.sequences if sequence != fixed]
    amplitudes = np.sort(rng.uniform(*settings.motion_mm, len(moving)))
    order = [str(s) for s in rng.permutation(moving)]
    order.sort(key=lambda sequence: sequence in settings.t2_weighted)
    sizes = dict(zip(order, amplitudes, strict=True)) | {fixed: 0.0}
    middle = liver_centre + np.array((10, 0, -15))
    return {
        sequence: Breathing(
            cavity,
            float(sizes[sequence] * rng.choice((-1, 1))),
            tuple(float(v) for v in middle + rng.uniform(-8, 8, 3)),
            tuple(float(v) for v in np.array((110, 100, 85)) * rng.uniform(0.9, 1.15, 3)),
            (float(rng.uniform(0.1, 0.25)), float(rng.uniform(-0.1, 0.1))),
            tuple(float(v) for v in rng.uniform(0, 2 * np.pi, 3)),
        )
        for sequence in settings.sequences
    }


def _bump(scaled: np.ndarray) -> np.ndarray:
    return 1 / (1 + scaled**2)


def _float32(points: np.ndarray) -> np.ndarray:
    return np.asarray(points, np.float32)
