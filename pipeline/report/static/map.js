// The map: coast, zones, looks as pictures, detections by evidence, tracks and calls, by Leaflet. No tiles, no network.
"use strict";
capwatch.map = (() => {
  const { data, el, alone, moment, span, barrels, show } = capwatch;
  const box = document.getElementById("map");
  const [west, south, east, north] = data.bbox;
  const bounds = L.latLngBounds([[south, west], [north, east]]);
  const map = L.map(box, { zoomSnap: 0.25, zoomDelta: 0.75, wheelPxPerZoomLevel: 110, maxZoom: 20, attributionControl: true });
  map.attributionControl.setPrefix("Leaflet");
  if (data.credit) map.attributionControl.addAttribution(el("span", {}, data.credit).innerHTML); // as text: Leaflet takes markup
  L.control.scale({ imperial: false, maxWidth: 120, position: "topright" }).addTo(map);
  map.fitBounds(bounds, { padding: [4, 4] });
  map.setMaxBounds(bounds.pad(0.6));

  map.createPane("pictures").style.zIndex = 300;
  const pane = (name, z) => { const made = map.createPane(name); made.style.zIndex = z; return L.svg({ pane: name, padding: 0.4 }); };
  const ground = pane("ground", 250), lines = pane("lines", 420), hulls = pane("hulls", 440);
  const quiet = { interactive: false, fill: true, renderer: ground };
  for (const polygon of data.land) L.polygon(polygon, { ...quiet, className: "m-land", pane: "ground" }).addTo(map);
  for (const line of data.coast) L.polyline(line, { interactive: false, renderer: lines, pane: "lines", className: "m-coast" }).addTo(map);
  L.polygon([[[south - 9, west - 9], [north + 9, west - 9], [north + 9, east + 9], [south - 9, east + 9]], [[south, west], [north, west], [north, east], [south, east]]],
    { interactive: false, className: "m-outside", renderer: lines, pane: "lines" }).addTo(map);
  const layers = Object.fromEntries(["zones", "ais", "none", "flagged", "tracks", "calls", "structures", "footprints"].map((k) => [k, L.layerGroup()]));
  for (const ring of data.structures) L.polygon(ring, { interactive: false, className: "m-struct", renderer: lines, pane: "lines" }).addTo(layers.structures);

  /** Lines of text as paragraphs, the first one strong; never as markup. */
  function told(title, rows, call) {
    const made = el("div", {}, el("p", {}, el("strong", {}, title)), ...rows.filter(Boolean).map((r) => el("p", {}, r)));
    if (call) {
      const link = el("a", { href: `#call-${call}` }, "evidence of this call");
      link.addEventListener("click", (event) => { event.preventDefault(); show(call); });
      made.append(el("p", {}, link));
    }
    return made;
  }
  const names = [];
  for (const zone of data.zones) {
    const shape = L.polygon(zone.rings, { className: `m-zone${zone.counts ? " counts" : ""}`, renderer: lines, pane: "lines", fill: false }).addTo(layers.zones);
    shape.bindPopup(() => told(alone(zone.name), [`${zone.kind} ${zone.id}`, zone.counts ? "stays here count toward the account" : "stays here do not count"]));
    const label = L.tooltip({ permanent: true, direction: "right", className: `zone-name${zone.counts || zone.kind !== "berth" ? "" : " minor"}`, offset: [6, 0], interactive: false }).setLatLng(shape.getBounds().getCenter()).setContent(el("span", {}, alone(zone.name)));
    layers.zones.addLayer(label);
    names.push({ at: shape.getBounds().getCenter(), tooltip: label, counts: zone.counts });
  }
  for (const scene of data.scenes) {
    const shape = L.polygon(scene.rings, { className: "m-look", renderer: lines, pane: "lines", fill: false }).addTo(layers.footprints);
    shape.bindPopup(() => told(scene.id, [scene.t === null ? "time unknown" : `${moment(scene.t, scene.dated)} UTC`, scene.sensor, scene.status]));
  }

  const signs = { ais: "<circle r='5'/>", none: "<path d='M0-6.5L6.5 0 0 6.5-6.5 0Z'/>", flagged: "<path d='M-4-4L4 4M4-4L-4 4'/>" };
  const kindWords = { ais: "a transponder matches", none: "no transponder matches", flagged: "flagged, not accepted" };
  const marks = [];
  for (const d of data.detections) {
    const icon = L.divIcon({ className: `det ${d.kind}`, html: `<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">${signs[d.kind]}</svg>`, iconSize: [14, 14] });
    const marker = L.marker(d.at, { icon, keyboard: false, alt: "" });
    const hull = L.polygon(d.ring, { className: `m-hull ${d.kind}`, renderer: hulls, pane: "hulls", fill: false, interactive: false });
    marker.bindPopup(() => told(`${d.length[0]} m (${d.length[1]} to ${d.length[2]})`, [
      d.t === null ? "time unknown" : `${moment(d.t, d.flags.includes("time_of_day_unknown"))} UTC`, d.sensor, `${kindWords[d.kind]}${d.mmsi ? `: MMSI ${d.mmsi}` : ""}`, `a ship with ${d.score > 0.99 ? "over 99" : d.score < 0.01 ? "under 1" : Math.round(100 * d.score)} %`,
      d.flags.length ? `flags: ${d.flags.join(", ").replaceAll("_", " ")}` : "", `detection ${d.id}`], d.call));
    marks.push({ kind: d.kind, t: d.t, parts: [marker, hull] });
  }
  for (const track of data.tracks) {
    const shape = L.polyline(track.line.map((p) => [p[0], p[1]]), { className: "m-track", renderer: lines, pane: "lines" });
    shape.bindPopup(() => told(track.name ? alone(track.name) : "no name sent", [`MMSI ${track.mmsi}`, `${moment(track.line[0][2])} to ${moment(track.line[track.line.length - 1][2])} UTC`]));
    marks.push({ kind: "tracks", from: track.line[0][2], to: track.line[track.line.length - 1][2], parts: [shape] });
  }
  const where = Object.fromEntries(data.zones.map((z) => [z.id, L.polygon(z.rings).getBounds().getCenter()]));
  const perZone = {};
  for (const call of data.calls) if (where[call.zone] && call.counts) (perZone[call.zone] ||= []).push(call);
  /** A pin off its berth, five in a row, with a line to it; the block's upper middle lies dx, dy from the berth. */
  function pin(call, n, count, dx, dy) {
    const x = 12.5 * (Math.min(5, count) - 1) - 25 * (n % 5) - dx, y = -dy - 25 * Math.floor(n / 5), far = Math.hypot(x, y) || 1; // from the pin's middle to the berth
    const line = `<svg aria-hidden="true"><path d="M${(12 * (1 + x / far)).toFixed(1)} ${(12 * (1 + y / far)).toFixed(1)}L${12 + x} ${12 + y}"/></svg>`;
    return L.divIcon({ className: "call-pin", html: `${line}${call.number}`, iconSize: [24, 24], iconAnchor: [12 + x, 12 + y] });
  }
  const MOST_PINS = 25, HALF = 38; // at one berth, more would bury the map: all days together have one for all; half of its width
  function pill(count, dx, dy) {
    const far = Math.hypot(dx, dy) || 1;
    const line = `<svg aria-hidden="true"><path d="M${(HALF - (12 * dx) / far).toFixed(1)} ${(12 - (12 * dy) / far).toFixed(1)}L${HALF - dx} ${12 - dy}"/></svg>`;
    return L.divIcon({ className: "call-pin many", html: `${line}${count} calls`, iconSize: [2 * HALF, 24], iconAnchor: [HALF - dx, 12 - dy] });
  }
  /** One mark for all calls of a berth, shown when no day is chosen. */
  function together(zone, calls) {
    const marker = L.marker(where[zone], { icon: pill(calls.length, 0, 32), title: `${calls.length} counted calls` });
    marker.bindPopup(() => told(`${calls.length} counted calls`, ["The table of calls has each; a day of the slider shows its own."]));
    marks.push({ kind: "calls", allDays: true, parts: [marker] });
    pins.push({ at: where[zone], across: 2 * HALF, down: 25, put: (dx, dy) => marker.setIcon(pill(calls.length, dx, dy)) });
  }
  const pins = [];
  for (const [zone, calls] of Object.entries(perZone)) {
    const crowd = calls.length > MOST_PINS, count = crowd ? 5 : calls.length;
    const made = calls.map((call, n) => {
      const marker = L.marker(where[zone], { icon: pin(call, n % count, count, 0, 32), zIndexOffset: -n, title: `counted call ${call.number}`, alt: `counted call ${call.number}` });
      marker.bindPopup(() => told(`${call.number}: ${alone(call.name)}`, [`${span(call.t[1], call.t[2], call.dated)} UTC`, `${barrels(call.bbl)} barrels if she ${data.moved}`], call.id));
      marks.push({ kind: "calls", from: call.t[1], to: call.t[2], oneDay: crowd, parts: [marker] });
      return marker;
    });
    if (crowd) together(zone, calls);
    else pins.push({ at: where[zone], across: 25 * Math.min(5, calls.length), down: 25 * Math.ceil(calls.length / 5),
      put: (dx, dy) => made.forEach((marker, n) => marker.setIcon(pin(calls[n], n, calls.length, dx, dy))) });
  }

  /** Show what happened between two moments, or everything. */
  function filter(from, to) {
    for (const mark of marks) {
      const first = mark.from ?? mark.t, last = mark.to ?? mark.t;
      const on = from === null ? !mark.oneDay : !mark.allDays && (first !== null && last >= from && first < to);
      for (const part of mark.parts) if (on !== layers[mark.kind].hasLayer(part)) on ? layers[mark.kind].addLayer(part) : layers[mark.kind].removeLayer(part);
    }
  }
  let pictures = [];
  /** Put the pictures of these scenes under everything. */
  function picture(scenes) {
    for (const shown of pictures) shown.remove();
    pictures = scenes.filter((s) => s.image).map((s) => L.imageOverlay(s.image, [[s.bounds[1], s.bounds[0]], [s.bounds[3], s.bounds[2]]], { pane: "pictures", alt: `look ${s.id}`, className: "look-picture" }).addTo(map));
    box.classList.toggle("has-image", pictures.length > 0);
  }
  for (const input of document.querySelectorAll("#layers input")) {
    const apply = () => input.checked ? map.addLayer(layers[input.value]) : map.removeLayer(layers[input.value]);
    input.addEventListener("change", apply);
    apply();
  }
  const named = () => box.classList.toggle("zoomed", map.getZoom() > map.getBoundsZoom(bounds) + 0.8);
  map.on("zoomend", named);
  named();
  filter(null);
  capwatch.apart(map, pins, names);
  new ResizeObserver(() => map.invalidateSize()).observe(box);
  return { map, filter, picture, layers };
})();
