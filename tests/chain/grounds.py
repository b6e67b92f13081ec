"""What a run knows apart from its detections, at the harbour of the AIS tests."""

import pandas as pd

from pipeline.calls import clean_tracks, listen, static_reports
from pipeline.chain.accounting import Ground
from pipeline.config import load_cap
from pipeline.tables import SCENES
from pipeline.workspace import configs_root, load_run_config
from tests.calls.traffic import feed, harbour


def ground_of(*messages: pd.DataFrame, **calls: object) -> Ground:
    """The ground of March 2024 with the messages given, and settings of the section ``calls``."""
    march = {"period": {"start": "2024-03-01", "end": "2024-04-01"}, "volume": {"draws": 200}, "calls": calls}
    config = load_run_config(configs_root() / "vostochny.yaml", march)
    place, heard = harbour(), feed(*messages)
    tracks, static = clean_tracks(heard), static_reports(heard)
    return Ground(
        config=config,
        place=place,
        cap=load_cap(configs_root() / "caps" / "unscr-2397.yaml", config.volume),
        scenes=SCENES.empty(),
        zone_covered={},
        tracks=tracks,
        static=static,
        listened=listen(tracks=tracks, static=static, registry=None, place=place, config=config.calls),
    )
