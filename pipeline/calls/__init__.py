"""Detections and transponder messages to port calls and coverage. Pure: tables in, tables out."""

from pipeline.calls.clocks import clock_offsets, correct_clocks
from pipeline.calls.counting import call_counts, count_line, count_range
from pipeline.calls.coverage import looks, zone_covered
from pipeline.calls.draughts import draught_steps
from pipeline.calls.encounters import encounters
from pipeline.calls.findings import findings, flag_contradicted
from pipeline.calls.listened import Listened
from pipeline.calls.loading import chance_of_loading, habits_of, visit_fields
from pipeline.calls.matching import associate, associate_tables, check_lines, match, match_tables
from pipeline.calls.missed import missed_calls
from pipeline.calls.period import within_period
from pipeline.calls.port_calls import learn_stays, listen, port_calls, port_calls_with
from pipeline.calls.recall import look_trials, recall_lines, recall_table
from pipeline.calls.silences import silences
from pipeline.calls.static import static_reports
from pipeline.calls.stay_law import stay_line, stay_table
from pipeline.calls.stays import stays
from pipeline.calls.tracks import ashore_line, clean_tracks

__all__ = [
    "Listened",
    "ashore_line",
    "associate",
    "associate_tables",
    "call_counts",
    "chance_of_loading",
    "check_lines",
    "clean_tracks",
    "clock_offsets",
    "correct_clocks",
    "count_line",
    "count_range",
    "draught_steps",
    "encounters",
    "findings",
    "flag_contradicted",
    "habits_of",
    "learn_stays",
    "listen",
    "look_trials",
    "looks",
    "match",
    "match_tables",
    "missed_calls",
    "port_calls",
    "port_calls_with",
    "recall_lines",
    "recall_table",
    "silences",
    "static_reports",
    "stay_line",
    "stay_table",
    "stays",
    "visit_fields",
    "within_period",
    "zone_covered",
]
