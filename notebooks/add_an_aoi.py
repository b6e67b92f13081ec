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
# # Add a place
#
# From a polygon to a config that runs. Everything is written to a separate folder (`CAPWATCH_AOI_DIR`, or a temporary
# one); copy it to `configs/` when it is right. The example is Wonsan. Its zones are drawn by eye and mean nothing until
# they have been checked against an image.

# %%
import json
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import shapely

from pipeline.commands.plan_local import local_lines
from pipeline.console import Console
from pipeline.errors import ConfigError, NothingToShow
from pipeline.finished.opened import draw_land
from pipeline.ingest.coast import clip_coast
from pipeline.ingest.place import load_place
from pipeline.report.wording import percent
from pipeline.workspace import configs_root, load_run_config

chosen = os.environ.get("CAPWATCH_AOI_DIR")
home = Path(chosen) if chosen else Path(tempfile.mkdtemp(prefix="capwatch-aoi-"))
print(f"No image is read here: this page writes configs, to a folder named {home.name}")

# %% [markdown]
# ## The box
#
# Keep it small: the port, its anchorages, and some open water to measure the sea in. Give corners in degrees, or a
# polygon, of which the bounding box is used.

# %%
drawn = shapely.Polygon([(127.39, 39.13), (127.51, 39.13), (127.51, 39.21), (127.39, 39.21)])
counted = "discharging"  # a port of the country under the cap lands cargoes; "loading" where they are taken aboard
margin_deg = 0.01
west, south, east, north = (round(b, 3) for b in drawn.buffer(margin_deg).bounds)
(west, south, east, north)

# %% [markdown]
# ## The coast
#
# Clipped from OpenStreetMap as packaged in `roaring-landmask` (the `coast` extra). If that is not installed, Vostochny
# with its coast is used instead, so that this page runs. Estuaries that OpenStreetMap maps as rivers become land;
# `provider="Gshhg"` draws them as water.

# %%
try:
    land = clip_coast((west, south, east, north))
    name, aoi_id = "Wonsan (DPRK)", "wonsan"
except ConfigError:  # the extra is not installed
    known = load_run_config(configs_root() / "vostochny.yaml", {})
    west, south, east, north = known.aoi.bbox
    land = json.loads((configs_root() / known.aoi.coast).read_text("utf-8"))
    name, aoi_id = "Stand-in with the coast of Vostochny", "stand-in"
    counted = "loading"
    print("The box above is NOT used, for its coast needs roaring-landmask (docs/add_an_aoi.md, step 2): what follows")
    print("is the box of Vostochny.")
(home / "coast").mkdir(parents=True, exist_ok=True)
_ = (home / "coast" / f"{aoi_id}.geojson").write_text(json.dumps(land), "utf-8")
shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in land["features"]]
coast = shapely.union_all(shapes)
figure, axes = plt.subplots(figsize=(7, 6))
for part in shapely.get_parts(shapely.clip_by_rect(coast, west, south, east, north)):
    axes.fill(*np.asarray(part.exterior.coords).T[:2], color="#d9d2c3", ec="#8c8470", lw=0.6)
axes.set(xlim=(west, east), ylim=(south, north), title=name, xlabel="longitude", ylabel="latitude")
axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))
plt.show()

# %% [markdown]
# ## The zones
#
# A berth polygon covers the water where hulls lie, not the quay. `counts` is true only where the counted product is
# handled. `source` states where the outline comes from; if it is a guess, say so. The guess made here is 50 m wide and
# lies along the longest straight piece of shore within a mile of the middle, or else of the nearest shore. If no water
# is wide enough for an anchorage, as on a river, none is drawn.

# %%
M_PER_DEG = 111_320.0  # of latitude; to 0.6 %, enough for a guess
middle = np.array([(west + east) / 2, (south + north) / 2])
scale = M_PER_DEG * np.array([np.cos(np.radians(middle[1])), 1.0])


def metric(shape):
    """Degrees to metres from the middle."""
    return shapely.transform(shape, lambda lonlat: (lonlat - middle) * scale)


outline = coast.boundary or shapely.LineString()  # a box in the open sea has none
shore = metric(shapely.clip_by_rect(outline, west, south, east, north))
if shore.is_empty:
    how = "move it, or draw zones"
    if coast.contains(shapely.box(west, south, east, north)):  # Nampo lies on such an estuary
        how = 'all of it is land here; if it has water, try clip_coast(..., provider="Gshhg"), or draw the coast'
    raise NothingToShow(f"No shore runs through this box, so there is none to guess a berth by: {how}.")
nearest = shapely.shortest_line(shapely.Point(0, 0), shore).coords[-1]
near = shapely.intersection(shore, shapely.union_all(shapely.points([(0, 0), nearest])).buffer(1_852.0))
lines = [part.coords for part in shapely.get_parts(near) if part.geom_type == "LineString"]
quay = max((shapely.LineString(p) for c in lines for p in pairwise(c)), key=lambda p: p.length)
sides = [quay.buffer(sign * 50.0, single_sided=True) for sign in (1, -1)]
berth = min(sides, key=lambda side: side.intersection(metric(coast)).area)
berth = shapely.transform(berth, lambda xy: xy / scale + middle)
water = shapely.box(west, south, east, north).difference(coast)
wide = max(shapely.get_parts(water.buffer(-0.006)), key=lambda p: p.area, default=shapely.Polygon())
roads = wide.envelope.intersection(water.buffer(-0.004))
roads = max(shapely.get_parts(roads), key=lambda p: p.area, default=roads)
features = [
    {
        "type": "Feature",
        "properties": {
            "zone_id": zone_id,
            "kind": kind,
            "name": words,
            "cargo": cargo,
            "counts": counts,
            "source": "a guess",
        },
        "geometry": json.loads(shapely.to_geojson(shape)),
    }
    for zone_id, kind, words, cargo, counts, shape in (
        ("oil_berth", "berth", "Oil berth (a guess)", "oil_products", True, berth),
        ("roads", "anchorage", "Roads (a guess)", "unknown", False, roads),
    )
    if not shape.is_empty
]
(home / "zones").mkdir(exist_ok=True)
zones = {"type": "FeatureCollection", "features": features}
_ = (home / "zones" / f"{aoi_id}.geojson").write_text(json.dumps(zones), "utf-8")

# %% [markdown]
# ## The config
#
# Everything not written here has a default; `capwatch config show` prints them all. The direction of cargo is written,
# since at a discharge port nothing would count without it. The cap's file is copied into the folder, which then needs
# no other.

# %%
(home / "caps").mkdir(exist_ok=True)
cap = configs_root() / "caps" / "unscr-2397.yaml"
(home / "caps" / cap.name).write_bytes(cap.read_bytes())
text = f"""aoi:
  id: {aoi_id}
  name: {name}
  bbox: [{west}, {south}, {east}, {north}]
  coast: coast/{aoi_id}.geojson
  zones: zones/{aoi_id}.geojson
  facts:
    - what: The zones are a guess and stand-in until somebody has looked at an image.
      source: none
period: {{start: 2024-03-01T00:00:00Z, end: 2024-04-01T00:00:00Z}}
source: {{kind: files}}
calls: {{prior_p_loading: {0.95 if counted == "loading" else 0.05}}}
volume: {{counted: {counted}}}
cap: caps/{cap.name}
seed: 20240307
"""
path = home / f"{aoi_id}.yaml"
path.write_text(text, "utf-8")
config = load_run_config(path, {})
try:
    for line in local_lines(config, home, Console(quiet=True)):
        print(line)
except ConfigError as missing:
    print(f"before a run: {missing}")

# %% [markdown]
# ## As capwatch sees it
#
# Look for swapped coordinates, a shifted coast, zones on land.

# %%
place = load_place(config.aoi, home)
figure, axes = plt.subplots(figsize=(7, 6))
draw_land(axes, place)
for zone in place.zones:
    axes.plot(*zone.geometry.exterior.xy, color="#D55E00" if zone.counts else "#6b7280", label=zone.zone_id)
    on_land = zone.geometry.intersection(place.land).area / zone.geometry.area
    print(f"{zone.zone_id}: {percent(on_land)} on land")
axes.set_title(f"{place.name}: zones")
axes.legend()
plt.show()

# %%
figure, axes = plt.subplots(figsize=(5, 5))
draw_land(axes, place, place.zones[0].geometry.buffer(0.003).bounds)
axes.plot(*place.zones[0].geometry.exterior.xy, color="#D55E00")
axes.ticklabel_format(useOffset=False)
axes.locator_params(nbins=4)
axes.set(title="the berth, close", xlabel="longitude", ylabel="latitude")
plt.show()
print(f"run: capwatch run {path} --images /my/images --ais /my/ais --dry-run")

# %% [markdown]
# ## Run
#
# ```sh
# capwatch run FOLDER/NAME.yaml --images /my/images --ais /my/ais --dry-run    # the path is printed above
# capwatch run FOLDER/NAME.yaml --images /my/images --ais /my/ais
# ```
#
# Use a month of looks of one kind rather than one image: structures are learnt from them, and they bound the stays.
# Then look at the report's map, and correct errors with `capwatch review`.
