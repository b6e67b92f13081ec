"""Many threads may ask one shape at once which points lie in it; asked plainly, shapely's process dies."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import shapely

from pipeline.times_places.inside import points_inside, private_copy

PIPELINE = Path(__file__).parents[2] / "pipeline"
THREADS, ROUNDS = 4, 400


def star(rng):
    turn = np.sort(rng.uniform(0, 2 * np.pi, 400))
    reach = 1 + 0.1 * rng.normal(size=400)
    return shapely.Polygon(np.column_stack((reach * np.cos(turn), reach * np.sin(turn))))


def test_threads_that_ask_one_shape_at_once_get_what_one_alone_gets():
    """A new shape in each round, all threads at the same moment: without copies it dies within some hundred rounds."""
    rng = np.random.default_rng(3)
    shapes = [star(rng) for _ in range(8)]
    x, y = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40))
    truth = [shapely.contains_xy(private_copy(shape), x, y) for shape in shapes]
    together, wrong = threading.Barrier(THREADS), []
    fresh = [private_copy(shapes[n % len(shapes)]) for n in range(ROUNDS)]

    def ask():
        for n, shape in enumerate(fresh):
            together.wait(timeout=60)
            if (points_inside(shape, x, y) != truth[n % len(shapes)]).any():
                wrong.append(n)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not any(shapely.is_prepared(shape) for shape in fresh), "or the next one who asks builds its index"


def test_a_copy_is_the_same_to_the_last_bit():
    shape = star(np.random.default_rng(4))
    assert private_copy(shape) is not shape
    assert (shapely.get_coordinates(private_copy(shape)) == shapely.get_coordinates(shape)).all()


def test_no_shape_that_is_part_of_something_is_prepared():
    """Zones, coasts and footprints are held by many threads: who asks them asks by ``points_inside`` or a copy."""
    told = [
        f"{path.relative_to(PIPELINE)}: {found}"
        for path in PIPELINE.rglob("*.py")
        for found in re.findall(r"(?:contains_xy|intersects_xy|prepare)\(\w+\.\w[\w.]*\s*[,)]", path.read_text("utf-8"))
    ]
    assert told == []
