# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Follow one call
#
# From a line of the report back to every look and message behind it. Choose a run with the environment variable
# `CAPWATCH_RUN`, or put its folder or id below; choose a call by its id, or take the counted call with the most
# evidence. Nothing here changes the run.

# %%
import matplotlib.pyplot as plt
import pandas as pd
import shapely

from pipeline.config import MOVED
from pipeline.errors import NothingToShow
from pipeline.finished.opened import chosen_run, draw_land, open_run
from pipeline.finished.overview import account_calls
from pipeline.plurals import number_of
from pipeline.provenance import read_manifest
from pipeline.report.page_data import SILENCE

pd.set_option("display.max_colwidth", None)
chosen = ""  # a run's folder or its id alone; where empty CAPWATCH_RUN, or the last run that finished
folder = chosen_run(chosen)
run = open_run(folder)
calls, liftings = run.table("port_calls"), run.table("liftings")
mark = "SIMULATED: " if run.simulated else ""
held = account_calls(folder)["call_id"]  # counted, and neither of another account year nor of another product
print(f"{mark}{run.place.name}, {number_of(len(calls), 'call')}, {len(held)} counted")

# %%
if not len(calls):
    raise NothingToShow("No call was seen or heard in this run, so there is none to follow.")
listed = calls.assign(counted=calls["call_id"].isin(held)).set_index("call_id")
listed[["arrival_hi", "name", "mmsi", "berth_id", "n_seen", "evidence_class", "counted"]]

# %%
call_id = None  # one of that table
if call_id is not None and call_id not in set(calls["call_id"]):
    raise NothingToShow(f"{call_id}: no such call; the table above lists them.")
counted = calls[calls["call_id"].isin(held)]
ranked = (counted if len(counted) else calls).sort_values(["n_seen", "call_id"], ascending=[False, True])
call = calls.set_index("call_id", drop=False).loc[call_id or ranked["call_id"].iloc[0]]
told = call.drop(labels=["detection_ids"]).map(lambda v: round(v, 3) if isinstance(v, float) else v)
known = [not pd.api.types.is_scalar(v) or (pd.notna(v) and v != "") for v in told]
told[known].to_frame("value")

# %% [markdown]
# ## Who looked, and who saw her
#
# Every look at her berth around the stay. A usable look that did not see her bounds the stay. Radar can miss a ship at
# a quay, so its looks bound a stay only if the run sets `calls.radar_absence_counts`. A look that is not usable says
# nothing.

# %%
margin = pd.Timedelta(days=4)
looks = run.table("looks")
near = looks["acquired"].between(call["arrival_hi"] - margin, call["departure_lo"] + margin)
at_berth = looks[near & (looks["zone_id"] == call["berth_id"])].sort_values("acquired")
detections = run.table("detections")
hers = detections[detections["detection_id"].isin(list(call["detection_ids"]))].sort_values("acquired")
columns = ["acquired", "sensor", "state", "covered", "saw_her", "cause"]
told = at_berth.assign(saw_her=at_berth["scene_id"].isin(hers["scene_id"]))[columns]
told if len(told) else print("no image was taken of her berth in these days")

# %%
figure, axes = plt.subplots(figsize=(9, 2.2))
saw = at_berth["scene_id"].isin(hers["scene_id"])
usable = at_berth["state"] == "usable"
bounds = (at_berth["sensor"] != "sentinel-1") | run.config.calls.radar_absence_counts
for of, words, style in (
    (saw, "look that saw her", {"marker": "o", "color": "#D55E00"}),
    (~saw & usable & bounds, "usable look without her", {"marker": "s", "color": "#009E73"}),
    (~saw & usable & ~bounds, "radar without her (bounds nothing)", {"marker": "s", "color": "#009E73", "mfc": "none"}),
    (~saw & ~usable, "look of which no verdict holds", {"marker": "x", "color": "#6b7280"}),
):
    if of.any():
        axes.plot(at_berth.loc[of, "acquired"], [0] * of.sum(), ls="", ms=9, label=words, **style)
earliest = call["arrival_lo"] if pd.notna(call["arrival_lo"]) else min(run.config.period.start, call["arrival_hi"])
latest = call["departure_hi"] if pd.notna(call["departure_hi"]) else max(run.config.period.end, call["departure_lo"])
axes.plot([earliest, latest], [0.5, 0.5], color="#0072B2", lw=1)
sure = [call["arrival_hi"], call["departure_lo"]]  # one moment where one image saw her
axes.plot(sure, [0.5, 0.5], "|-", color="#0072B2", lw=8, ms=10, mew=3, solid_capstyle="butt")
axes.set(
    ylim=(-0.6, 1),
    yticks=[],
    xlabel="UTC",
    title=f"{mark}blue: surely there (thick), perhaps there (thin)",
)
if len(at_berth):
    axes.legend(frameon=False, ncols=3, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, -0.02))
figure.autofmt_xdate()
plt.show()

# %% [markdown]
# ## Each sighting on its image

# %%
sizes = ["length_m", "length_lo_m", "length_hi_m", "beam_m", "freeboard_m", "score"]
told = hers[["acquired", "sensor", *sizes, "draught_evidence"]].round(dict.fromkeys(sizes, 1))
told if len(told) else print("none")

# %%
if len(hers):
    run.draw_sightings(hers)
    plt.show()
else:
    print("no image saw this call; it rests on her transponder")

# %% [markdown]
# ## What was heard
#
# All transponders within a day of the stay: unflagged fixes only, not joined across gaps. If none fits the sightings,
# that does not mean that she is hiding, only that no receiver heard her.

# %%
tracks = run.table("tracks")
clean = tracks[tracks["flags"].map(len) == 0]
close = clean[clean["time_utc"].between(call["arrival_hi"] - margin / 4, call["departure_lo"] + margin / 4)]
figure, axes = plt.subplots(figsize=(7, 6))
draw_land(axes, run.place)
for zone in run.place.zones:
    for part in shapely.get_parts(zone.geometry):
        axes.plot(*part.exterior.xy, color="#D55E00" if zone.zone_id == call["berth_id"] else "#9ca3af", lw=1.2)
silences = close.groupby("track_id")["time_utc"].diff() > SILENCE
for (mmsi, _, _), track in close.groupby(["mmsi", "track_id", silences.groupby(close["track_id"]).cumsum()]):
    own = pd.notna(call["mmsi"]) and mmsi == call["mmsi"]
    style = {"lw": 1.6, "ms": 4, "color": "#0072B2"} if own else {"lw": 0.6, "ms": 2, "color": "#9ca3af"}
    axes.plot(track["lon"], track["lat"], "-" if len(track) > 1 else "o", **style)  # no line goes through one fix
hers_heard = pd.notna(call["mmsi"]) and bool((close["mmsi"] == call["mmsi"]).any())
said = "blue: her own track, grey: others" if hers_heard else "no track is hers; grey: others"
said = said if len(close) else "no transponder was heard"
axes.set(xlabel="longitude", ylabel="latitude", title=f"{mark}{said}; orange: her berth")
plt.show()

# %%
static = run.table("static")
reports = static[static["mmsi"] == call["mmsi"]]
columns = ["time_utc", "name", "draught_m", "length_m", "beam_m", "dest", "flags"]
silence = "none is taken for hers" if pd.isna(call["mmsi"]) else "sent no name, size or draught"
reports[columns] if len(reports) else pd.DataFrame({"her transponder": [silence]})

# %% [markdown]
# ## What follows, and what it would be without the weakest part
#
# Barrels with their 90 % interval, the fixed fills beside them, and the same call without its weakest evidence.

# %%
lifting = liftings.set_index("call_id").loc[call["call_id"]]
went = MOVED[lifting["counted"]][0]
robust = run.table("robustness").set_index("call_id")
figure, axes = plt.subplots(figsize=(9, 2.2))
axes.errorbar(
    lifting["barrels_p50"], 1, fmt="o", color="#0072B2", capsize=4,
    xerr=[[lifting["barrels_p50"] - lifting["barrels_p5"]], [lifting["barrels_p95"] - lifting["barrels_p50"]]],
)  # fmt: skip
if call["call_id"] in robust.index and robust.loc[call["call_id"], "still_counts"]:
    other = robust.loc[call["call_id"]]
    axes.errorbar(
        other["barrels_p50"], 0, fmt="s", color="#E69F00", capsize=4,
        xerr=[[other["barrels_p50"] - other["barrels_p5"]], [other["barrels_p95"] - other["barrels_p50"]]],
    )  # fmt: skip
for n, name in enumerate(("33", "50", "60", "90", "100")):
    axes.axvline(lifting[f"barrels_at_{name}"], color="#6b7280", lw=0.8, ls=":")
    words = "⅓" if name == "33" else f"{name} %"
    height = 1.5 + 0.3 * (n % 2)  # neighbours on two lines: they may stand close
    axes.text(lifting[f"barrels_at_{name}"], height, words, ha="center", fontsize=8, backgroundcolor="white")
axes.set(yticks=[0, 1], yticklabels=["without the weakest", "as it stands"], ylim=(-0.6, 2.2), xlabel="barrels")
axes.set_title(f"{mark}barrels if she {went}, 90 % interval; dotted: at fixed fills")
axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
plt.show()
if call["call_id"] in (left_out := read_manifest(folder).get("left_out", {})):
    print(f"She takes no part in this account: {left_out[call['call_id']]}.")
elif not lifting["counts"]:
    print(f"She takes no part in the account: {lifting['cause']}. What is drawn is what her hull could hold of oil.")
if call["call_id"] in robust.index:
    gone = "" if robust.loc[call["call_id"], "still_counts"] else "; without it none of her cargo would be counted"
    print(f"taken away: {robust.loc[call['call_id'], 'removed']}{gone}")

# %% [markdown]
# ## The trace
#
# Hash of each image that saw her; `capwatch verify` compares it with the file. `checksum` says whether the image came
# with a checksum of its own, which would reveal damage in transfer.

# %%
scenes = run.table("scenes").set_index("scene_id")
trace = scenes.loc[list(dict.fromkeys(hers["scene_id"])), ["acquired", "href", "sha256", "verified"]]
own = trace.pop("verified").map({True: "its own agreed", False: "it came without one"})
trace.assign(sha256=trace["sha256"].str[:16] + "…", checksum=own) if len(trace) else print("no image saw her")
