"""Typed configs: a run file is read and validated once, before anything else, and refused if it makes no sense.

Precedence: command line (``--set section.field=value``), then the AOI's file, then the defaults written here.
"""

from pipeline.config.aoi import AoiConfig, PeriodConfig, SourceConfig
from pipeline.config.calls import USUAL_STAY_D, CallsConfig
from pipeline.config.cap import cap_doubts, load_cap
from pipeline.config.case import CaseConfig
from pipeline.config.detection import DetectionConfig
from pipeline.config.loading import build, canonical_json, fingerprint, load, merged, parse_overrides, read_yaml
from pipeline.config.product_words import PRODUCT_ALIASES, SOME_PRODUCT, WITHOUT_A_ROW, plain_name, products_named
from pipeline.config.run import EngineConfig, RunConfig
from pipeline.config.volume import MOVED, CapConfig, VolumeConfig, assumptions_id

__all__ = [
    "MOVED",
    "PRODUCT_ALIASES",
    "SOME_PRODUCT",
    "USUAL_STAY_D",
    "WITHOUT_A_ROW",
    "AoiConfig",
    "CallsConfig",
    "CapConfig",
    "CaseConfig",
    "DetectionConfig",
    "EngineConfig",
    "PeriodConfig",
    "RunConfig",
    "SourceConfig",
    "VolumeConfig",
    "assumptions_id",
    "build",
    "canonical_json",
    "cap_doubts",
    "fingerprint",
    "load",
    "load_cap",
    "merged",
    "parse_overrides",
    "plain_name",
    "products_named",
    "read_yaml",
]
