"""The table of analysts' verdicts, as a run applied them."""

from pipeline.tables.contract import Column, Contract

VERDICTS = ("confirm", "reject", "merge", "rename")
OUTCOMES = ("applied", "superseded", "orphaned", "refused")

REVIEWS = Contract(
    "reviews",
    "Analysts' verdicts on detections and calls, one row per line of the review file, with what became of each.",
    "line",
    (
        Column("line", "int", "1-based line of the review file.", low=1),
        Column("target", "text", "detection_id or call_id.", required=False),
        Column("target_kind", "text", "Which of the two.", choices=("detection", "call"), required=False),
        Column("verdict", "text", "confirm, reject, merge or rename.", required=False),
        Column("value", "text", "merge: the id that it belongs to; rename: the name.", required=False),
        Column("who", "text", "Who says so.", required=False),
        Column("when", "text", "When, ISO 8601.", required=False),
        Column("why", "text", "Why.", required=False),
        Column("outcome", "text", "applied, superseded by a later line, orphaned or refused.", choices=OUTCOMES),
        Column("note", "text", "What was changed, or why nothing was.", required=False),
    ),
)
