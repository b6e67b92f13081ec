"""False alarms of the radar detector on seas without ships: clutter laws, gust fronts, slicks. All simulated.

    python -m benchmarks.radar_fronts [seed ...]

Each sea has 1,600 x 1,600 pixels of 10 m, VV and VH, 4.4 looks, moderate wind, with a texture of order 6 of one of four
laws. It is plain, or crossed by a gust front (6 dB over 250 m, as wind steps are), or has slicks (8 dB darker, edges of
60 m). Prints the ratio of pixels over the threshold to those expected at the stated rate of 1e-5; the rate that the
detector itself says it achieved; and objects taken for ships. A ratio based on 26 expected pixels has a standard error
of a fifth, more where texture groups the alarms.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks import radar_scenes
from pipeline.config import DetectionConfig
from pipeline.config.detection import RadarConfig
from pipeline.detection import detect
from pipeline.detection.radar import objects
from pipeline.detection.radar.survey import survey_scene
from pipeline.types import tiles

SIDE, ORDER, RATE = 1600, 6.0, 1e-5
VV_DB, VH_DB = -15.0, -26.0
FRONT_DB, FRONT_PX, SLICK_DB, SLICK_PX = 6.0, 25.0, -8.0, 6.0
LAWS = ("gamma", *radar_scenes.TEXTURES)
KINDS = ("plain", "front", "slick")


def level(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Mean power of each pixel relative to the plain sea."""
    row, col = np.indices((SIDE, SIDE), np.float32)
    wave = gaussian_filter(rng.standard_normal((SIDE, SIDE), dtype=np.float32), 60, mode="wrap")
    wave /= wave.std()
    if kind == "front":
        across = (col - SIDE / 2) * 0.8 + (row - SIDE / 2) * 0.6 + 60 * wave
        return 10 ** (FRONT_DB / 10 * 0.5 * (1 + np.tanh(2 * across / FRONT_PX)))
    if kind == "slick":
        return 10 ** (SLICK_DB / 10 * gaussian_filter((wave > 0.8).astype(np.float32), SLICK_PX))
    return np.ones((SIDE, SIDE), np.float32)


def main() -> None:
    """Print the table."""
    seeds = [int(a) for a in sys.argv[1:]] or [201]
    radar_scenes.SIDE = SIDE
    config = DetectionConfig(radar=RadarConfig(false_alarm_rate=RATE))
    print(
        f"{'simulated sea':20s} {'law':10s} {'counted/stated':>14s} {'said/stated':>12s} {'taken for ships':>16s} CPU s"
    )
    for seed in seeds:
        rng = np.random.default_rng(seed)
        speckle = [radar_scenes.speckle(rng) for _ in range(2)]
        textures = {law: 1.0 if law == "gamma" else radar_scenes.texture_field(law, ORDER, rng) for law in LAWS}
        levels = {kind: level(kind, rng) for kind in KINDS}
        for law in LAWS:
            for kind in KINDS:
                bands = [
                    (10 ** (db / 10) * textures[law] * levels[kind] + 10 ** (radar_scenes.NOISE_DB / 10)) * grain
                    for db, grain in zip((VV_DB, VH_DB), speckle, strict=True)
                ]
                scene = radar_scenes.scene_of(np.stack(bands).astype(np.float32), f"{law}-{kind}-{seed}")
                start = time.process_time()
                table, diagnostics = detect(scene, config=config)
                cpu_s = time.process_time() - start
                counted = alarms(scene, config) / (RATE * SIDE * SIDE)
                stated_rate = diagnostics["false_alarm_rate_achieved"] / RATE
                ships = int(table["accepted"].sum())
                chosen = str(diagnostics["clutter_law"])
                print(
                    f"{law:10s} {kind:9s} {chosen:10s} {counted:14.2f} {stated_rate:12.2f} {ships:16d} {cpu_s:5.1f}",
                    flush=True,
                )


def alarms(scene: radar_scenes.Scene, config: DetectionConfig) -> int:
    """Number of pixels over the threshold."""
    scene, known = survey_scene(scene, config)
    assert known is not None
    return sum(int(objects.view_pixels(scene, known, config, w).seeds.sum()) for w in tiles(scene.shape, 800))


if __name__ == "__main__":
    main()
