"""Evidence for a hull between two lines: her bow adds to it, a quay's end drawn too far out does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pipeline.detection.optical.line_evidence import Sums, evidence

SAMPLE_M = 1.5  # as in pixels of 3 m
LENGTH_M, BEAM_M = 120.0, 21.0


def sums_of(solid):
    """Sums over a picture with centre (0, 0): ``solid`` is 1 on an object and 0 on water."""
    blurred = ndimage.gaussian_filter(solid.astype(float), 0.7)
    light = 1 + blurred
    steps = np.zeros(light.shape)
    steps[:, 1:-1] = np.clip((light[:, :-2] - light[:, 2:]) / 0.3, -1, 1)
    first = [-(n - 1) / 2 * SAMPLE_M for n in solid.shape]
    hull = np.pad(blurred.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    along = [np.vstack([np.zeros(solid.shape[1]), values.cumsum(axis=0)]) for values in (steps, light)]
    return Sums(hull, *along, *first, SAMPLE_M)


def drawn(bow_m=0.0):
    """A rectangle of usual proportions whose far end tapers to a point over ``bow_m``."""
    u, v = (np.arange(-reach, reach + 1e-9, SAMPLE_M)[:, None] for reach in (105.0, 45.0))
    left = np.clip((LENGTH_M / 2 - u) / bow_m, 0, 1) if bow_m else np.ones_like(u)
    return (np.abs(u) < LENGTH_M / 2) & (np.abs(v.T) < BEAM_M / 2 * np.sqrt(left))


def hull_evidence(solid, *, beyond=0.0):
    """Evidence for the box around it, with its ends drawn ``beyond`` metres too far out."""
    half = LENGTH_M / 2 + beyond
    return evidence(sums_of(solid), -half, half, -BEAM_M / 2, BEAM_M / 2, 1.0)


@pytest.mark.parametrize("samples", [1, 2])
def test_a_quay_gains_no_bow_by_ends_drawn_too_far_out(samples):
    quay = drawn()
    assert hull_evidence(quay, beyond=samples * SAMPLE_M) < hull_evidence(quay) + 0.5


@pytest.mark.parametrize("bow_m", [15.0, 25.0])
def test_a_bow_speaks_for_a_hull(bow_m):
    """A quay of her size, with best-fitting ends, has less evidence, by half of a bow's weight (six)."""
    quay = max(hull_evidence(drawn(), beyond=n * SAMPLE_M) for n in (-1, 0, 1, 2))
    assert hull_evidence(drawn(bow_m)) > quay + 3.0
