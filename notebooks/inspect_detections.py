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
# # Inspect the detections of a run
#
# What was seen, on which image, how large, and which flags speak against it. Choose a run with the environment variable
# `CAPWATCH_RUN`, or put its folder or id below. Nothing here changes the run.

# %%
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from pipeline.errors import NothingToShow
from pipeline.finished.opened import chosen_run, detections_window, hull_profiles, open_run
from pipeline.finished.overview import account_calls
from pipeline.report.wording import day_range

pd.set_option("display.max_colwidth", None)
chosen = ""  # a run's folder or its id alone; where empty CAPWATCH_RUN, or the last run that finished
folder = chosen_run(chosen)
run = open_run(folder)
scenes, detections = run.table("scenes"), run.table("detections")
period = run.config.period
mark = "SIMULATED" if run.simulated else ""
print(f"{mark + ': ' if mark else ''}{run.place.name}, {day_range(period.start, period.end)}")

# %% [markdown]
# ## What was looked at
#
# Every input has a row, used or not. A skipped scene is an unknown look, not an empty one.

# %%
shown = ["acquired", "sensor", "status", "cause", "cloud_fraction", "aoi_coverage", "false_alarm_rate_achieved"]
scenes.set_index("scene_id")[shown]

# %% [markdown]
# ## What was found
#
# `accepted` is the verdict after all flags; rejected objects stay in the table. A scene without detections has a row as
# well: if its `cause` says that it could not be searched, that none were found means nothing.

# %%
counts = detections.groupby(["scene_id", "accepted"]).size().unstack(fill_value=0)
counts = counts.reindex(scenes["scene_id"], fill_value=0).join(scenes.set_index("scene_id")[["status", "cause"]])
counts if len(detections) else print("nothing, in any image")

# %%
flags = detections.explode("flags").groupby(["flags", "accepted"]).size().unstack(fill_value=0)
flags if len(flags) else print("no object has a flag")

# %% [markdown]
# ## On the image
#
# The scene with the most accepted objects at berths, or the one set as `scene_id`. Each berth with such an object is
# shown, otherwise the whole scene. Orange outlines were accepted, blue ones were not; small objects have a ring.

# %%
at_berth = detections[detections["accepted"] & (detections["context"] == "berth")]
ranked = (at_berth if len(at_berth) else detections)["scene_id"].value_counts()
read = scenes.loc[scenes["status"].isin(["used", "degraded"]), "scene_id"]
if not len(read):
    raise NothingToShow("No image was read in this run, so there is none to look at.")
scene_id = ranked.index[0] if len(ranked) else read.iloc[0]
if scene_id not in set(scenes["scene_id"]):
    raise NothingToShow(f"{scene_id}: no such scene; the first table lists them.")
scene = run.scene(scene_id)
said = scenes.set_index("scene_id").loc[scene_id]
print(f"{scene_id}: {said['status']}{': ' + said['cause'] if said['cause'] else ''}")
here = detections[detections["scene_id"] == scene_id]
berthed = here[here["accepted"] & (here["context"] == "berth")]
windows = [detections_window(scene, hulls, margin_m=350) for _, hulls in berthed.groupby("berth_id")][:3] or [None]
figure, panels = plt.subplots(1, len(windows), figsize=(4.6 * len(windows), 5), squeeze=False, layout="constrained")
for axes, window in zip(panels[0], windows, strict=True):
    run.draw(axes, scene, window)
plt.show()

# %% [markdown]
# ## Sizes, with their 90 % intervals

# %%
if not len(detections):
    raise NothingToShow("Nothing was found in any image, so there is nothing to measure or to follow.")
largest = here.sort_values("length_m", ascending=False).head(20)
told = [f"{r.length_m:.0f} ({r.length_lo_m:.0f} to {r.length_hi_m:.0f})" for r in largest.itertuples()]
sized = largest[["beam_m", "freeboard_m", "score"]].round(2)
sized.insert(0, "length_m", told)
sized = sized.join(largest[["accepted", "berth_id"]]).assign(flags=largest["flags"].map(", ".join))
sized.set_index(largest["detection_id"]) if len(sized) else print("nothing was found on this scene")

# %%
figure, axes = plt.subplots(figsize=(9, 4))
drawn = detections[detections["accepted"]].sort_values("length_m").reset_index(drop=True)
error = [drawn["length_m"] - drawn["length_lo_m"], drawn["length_hi_m"] - drawn["length_m"]]
axes.errorbar(drawn.index, drawn["length_m"], yerr=error, fmt="o", ms=3, lw=0.8, color="#0072B2")
axes.set(xlabel="accepted detections, by length", ylabel="length, m (90 % interval)", title=mark)
axes.xaxis.set_major_locator(MaxNLocator(integer=True))
plt.show()

# %% [markdown]
# ## The threshold against what it lets through
#
# These images are not labelled. An object matched by a transponder is a ship; one without may be a ship without AIS.
# The plot shows how many objects reach each score, how many of them were accepted, and what share of them has a
# transponder. Analysts' verdicts (docs/review.md) are better; if there are any, they are in `reviews`.

# %%
matches = run.table("matches").set_index("det_id")["mmsi"]
objects = detections.assign(heard=detections["detection_id"].map(matches).notna())
steps = [round(0.05 * n, 2) for n in range(1, 20)]
kept = [objects[objects["score"] >= s] for s in steps]
figure, axes = plt.subplots(figsize=(9, 3.6))
axes.plot(steps, [len(k) for k in kept], color="#0072B2", label="objects with this score or more")
axes.plot(
    steps, [int(k["accepted"].sum()) for k in kept], color="#0072B2", ls="--", label="of these accepted, all flags"
)
axes.set(xlabel="score", ylabel="objects", ylim=(0, None))
axes.axvline(run.config.detection.screening.min_score, color="#6b7280", lw=0.8, ls=":", label="the run's least score")
if len(run.table("tracks")):
    other = axes.twinx()
    share = [k["heard"].mean() if len(k) else float("nan") for k in kept]
    other.plot(steps, share, color="#E69F00", label="share with a transponder")
    other.set(ylabel="share with a transponder", ylim=(0, 1))
else:
    print("no transponder was heard, so of none of these objects is it known whether she transmits")
figure.legend(loc="upper center", ncols=3, frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# ## One hull's fit
#
# Brightness along and across the long axis of one accepted hull, with the measured length and its interval. A quay
# beside her, a wake or a neighbour appears as a shoulder outside the lines.

# %%
chosen_hull = None  # a detection_id; None: the largest accepted object of the scene above
hulls = here[here["accepted"]].sort_values("length_m", ascending=False).set_index("detection_id", drop=False)
if chosen_hull is not None and chosen_hull not in hulls.index:
    raise NothingToShow(f"{chosen_hull}: no accepted object of this scene; the table of sizes lists them.")
if len(hulls) and scene.geolocation is not None:
    hull = hulls.loc[chosen_hull or hulls.index[0]]
    along_deg = 0.0 if pd.isna(hull["heading_deg"]) else float(hull["heading_deg"])
    profiles = hull_profiles(scene, hull, along_deg)
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    for axes, (words, distance_m, value), size in zip(panels, profiles, ("length", "beam"), strict=True):
        axes.plot(distance_m, value, color="#17202b", lw=1)
        for bound, style in ((f"{size}_m", "-"), (f"{size}_lo_m", ":"), (f"{size}_hi_m", ":")):
            for sign in (-0.5, 0.5):
                axes.axvline(sign * hull[bound], color="#E69F00", ls=style)
        axes.set(xlabel=f"{words} the hull, m from her middle", ylabel="brightness, 0 to 1")
    plt.show()
else:
    print("no accepted hull with a position on this scene")

# %% [markdown]
# ## One call, every sighting
#
# The first counted call: each look that saw her, at the same scale.

# %%
calls = run.table("port_calls")
counted = calls[calls["call_id"].isin(account_calls(folder)["call_id"]) & (calls["n_seen"] > 0)]
if len(counted):
    call = counted.iloc[0]
    hers = detections[detections["detection_id"].isin(list(call["detection_ids"]))].sort_values("acquired")
    run.draw_sightings(hers)
    plt.show()
else:
    print("no counted call was seen in an image")
