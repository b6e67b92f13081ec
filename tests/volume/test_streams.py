"""Registry of random streams: it lists every stream of the stage, and no two give the same numbers."""

from itertools import combinations
from pathlib import Path

import numpy as np

import pipeline.volume
from pipeline.volume import streams

SEEDS = (0, 1, 2, 2**32 - 1, 2**40)


def test_no_two_streams_share_a_key_or_their_first_numbers():
    assert len({(stream.number, stream.named) for stream in streams.STREAMS}) == len(streams.STREAMS)
    first = {
        (stream, seed, name): stream.generator(seed, name).random(3).tolist()
        for stream in streams.STREAMS
        for seed in SEEDS
        for name in (("", "a", "b") if stream.named else ("",))
    }
    assert all(a != b for a, b in combinations(first.values(), 2))


def test_every_stream_is_in_the_register_with_a_sentence():
    known = {stream for stream in vars(streams).values() if isinstance(stream, streams.Stream)}
    assert known == set(streams.STREAMS)
    assert len({stream.what for stream in known if len(stream.what.split()) > 3}) == len(known)
    stages = Path(pipeline.volume.__file__).parents[1]
    for file in [*(stages / "volume").glob("*.py"), *(stages / "calls").glob("*.py")]:
        lines = [line for line in file.read_text("utf-8").splitlines() if ">>>" not in line]
        made = [line for line in lines if "default_rng" in line or "SeedSequence" in line]
        assert not made or file.name == "streams.py", f"{file.name} makes a stream of its own: {made}"


def test_a_number_and_a_name_give_the_numbers_that_they_always_gave():
    """The name's key is the first eight bytes of its SHA-256, as sha256sum prints it."""
    for stream, key in ((streams.SHARED, [0]), (streams.OWN, [1, 0x2E7D2C03A9507AE2])):
        expected = np.random.default_rng(np.random.SeedSequence([7, *key]))
        assert stream.generator(7, "c").random() == expected.random()
