// Names of places and pins of calls side by side on the map: none lies on another one, or beyond the edge of what is shown.
"use strict";
/** Lay out pins first, then names, each at the first of its places that is free; anew after each zoom.
 * pins: {at, across, down, put(dx, dy)}, pixels that a block takes, put by its upper middle from its berth;
 * names: {at, tooltip, counts}. Counted berths come first, and of those the eastern ones: a name stands right of its berth if it can. */
capwatch.apart = (map, pins, names) => {
  const STEM = 32, LINE = 15, GAP = 2, SIDE = 6;
  const upright = (p) => [[0, STEM], [0, -STEM - p.down + 25], ...[1, 2, 3, 4].flatMap((n) => [-1, 1].flatMap((side) => [[25 * n * side, STEM], [25 * n * side, -STEM - p.down + 25]])), [0, 2 * STEM], [0, -2 * STEM - p.down + 25]];
  const lines = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6];
  const beside = lines.flatMap((n) => [["right", n * LINE], ["left", n * LINE]]);
  const across = lines.slice(1).map((n) => ["center", n * LINE]); // of a name that has room on neither side, as on a telephone

  names.sort((a, b) => b.counts - a.counts || b.at.lng - a.at.lng);

  function lay() {
    const taken = [], view = map.getSize();
    const apart = (b) => taken.every((t) => b.right + GAP <= t.left || t.right + GAP <= b.left || b.bottom + GAP <= t.top || t.bottom + GAP <= b.top);
    const within = (b) => b.left >= 0 && b.top >= 0 && b.right <= view.x && b.bottom <= view.y;
    const seen = (at) => at.x >= 0 && at.y >= 0 && at.x <= view.x && at.y <= view.y;
    /** The first place that is free and in sight, else free, else the usual one. */
    const pick = (places, box) => places.find((p) => within(box(p)) && apart(box(p))) ?? places.find((p) => apart(box(p))) ?? places[0];
    for (const pin of pins) {
      const at = map.latLngToContainerPoint(pin.at);
      const box = ([dx, dy]) => ({ left: at.x + dx - pin.across / 2, right: at.x + dx + pin.across / 2, top: at.y + dy - 12, bottom: at.y + dy - 12 + pin.down });
      const place = pick(upright(pin), box);
      taken.push(box(place));
      pin.put(...place);
    }
    for (const { at: where, tooltip } of names) {
      const made = tooltip.getElement();
      if (!made || getComputedStyle(made).visibility === "hidden") continue;
      const at = map.latLngToContainerPoint(where), wide = made.offsetWidth;
      const middle = Math.max(0, Math.min(at.x - wide / 2, view.x - wide)); // its left end, moved until all of it is in sight
      const box = ([side, dy]) => { const left = side === "center" ? middle : side === "right" ? at.x + SIDE : at.x - SIDE - wide; return { left, right: left + wide, top: at.y + dy - LINE / 2, bottom: at.y + dy + LINE / 2 }; };
      const [side, dy] = pick(seen(at) ? [...beside, ...across] : beside, box);
      taken.push(box([side, dy]));
      tooltip.options.direction = side;
      tooltip.options.offset = L.point(side === "center" ? middle + wide / 2 - at.x : side === "right" ? SIDE : -SIDE, dy);
      tooltip.update();
    }
  }
  map.on("zoomend", lay);
  lay();
};
