// Which berth was looked at on which day, and the calls over it.
"use strict";
(() => {
  const box = document.getElementById("calendar");
  const { data, alone, DAY, day, span, hours, show, responsive } = capwatch;
  const days = Math.max(1, Math.round((data.end - data.start) / DAY));
  const rank = { unknown: 0, partly: 1, usable: 2 };
  const sure = { unknown: 0, empty: 1, occupied: 2 }; // of several looks of a day, the one that saw a hull
  const LEAST_A_DAY = 2.2; // pixels: a year is seen whole on a screen, more is scrolled
  const signs = { occupied: "●", empty: "○", unknown: "?" };
  const chance = (p) => p === null || p === undefined ? "" : ` with ${p > 0.99 ? "over 99" : p < 0.01 ? "under 1" : Math.round(100 * p)} %`;
  const berth = (c) => !c.berth ? "" : c.berth === "empty" ? `\nberth empty${chance(1 - c.p)}` : c.berth === "occupied" ? `\nberth occupied${chance(c.p)}` : "\nberth: the look does not tell";
  const best = new Map();
  for (const look of data.looks) {
    const key = `${look.zone}|${Math.floor((look.t - data.start) / DAY)}`;
    const had = best.get(key) || { state: "unknown", looks: 0, scenes: [] };
    if (look.covered || look.state !== "unknown") { had.looks += 1; had.scenes.push(look.scene); }
    if (rank[look.state] > rank[had.state]) had.state = look.state;
    if (look.berth && look.state !== "unknown" && sure[look.berth] >= sure[had.berth || "unknown"]) Object.assign(had, { berth: look.berth, p: look.p });
    best.set(key, had);
  }
  const name = Object.fromEntries(data.zones.map((z) => [z.id, z.name]));
  const cells = data.zones.flatMap((zone) => Array.from({ length: days }, (_, n) => ({ zone: zone.id, n, t: data.start + n * DAY, ...(best.get(`${zone.id}|${n}`) || { state: "unknown", looks: 0, scenes: [] }) })));
  const date = (seconds) => new Date(seconds * 1000);
  const inside = (seconds) => date(Math.min(Math.max(seconds, data.start), data.end));
  const calls = data.calls.filter((c) => name[c.zone] !== undefined).map((c) => ({ ...c,
    from: inside(c.t[1]), to: inside(Math.max(c.t[2], c.t[1] + 0.35 * DAY)), early: inside(c.t[0] ?? data.start), late: inside(c.t[3] ?? data.end) }));

  // Calls whose stays overlap at one place lie one below the other: each gets a lane.
  for (const zone of data.zones) {
    const ends = [];
    const here = calls.filter((c) => c.zone === zone.id).sort((a, b) => a.from - b.from);
    for (const call of here) {
      call.lane = ends.findIndex((end) => end <= call.from);
      if (call.lane < 0) call.lane = ends.push(0) - 1;
      ends[call.lane] = call.to;
    }
    for (const call of here) call.lanes = ends.length;
  }
  const most = Math.max(1, ...calls.map((c) => c.lanes));
  const ROOM = Math.min(96, Math.max(15, 5 * most)); // pixels of a row for its calls: each a bar that can be seen
  const stacks = Array.from({ length: most }, (_, n) => n + 1).flatMap((lanes) => Array.from({ length: lanes }, (_, lane) => ({ lane, lanes, calls: calls.filter((c) => c.lanes === lanes && c.lane === lane) }))).filter((s) => s.calls.length);

  const pen = document.createElement("canvas").getContext("2d");
  /** A name in so many pixels: its end gives way, never its beginning. */
  function fitted(text, room) {
    if (pen.measureText(text).width <= room) return alone(text);
    let kept = text;
    while (kept && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
    return `${alone(kept.trimEnd())}…`;
  }

  function draw(width) {
    pen.font = `12px ${getComputedStyle(box).fontFamily}`;
    const outer = box.parentElement.clientWidth || width;
    const narrow = outer < 560;
    const left = narrow ? 4 : Math.min(320, 16 + Math.max(...data.zones.map((z) => pen.measureText(z.name).width)));
    const full = Math.max(outer, left + 22 + days * LEAST_A_DAY);
    const wide = (full - left - 22) / days, gap = wide < 5 ? 0 : 0.5; // pixels of a day, between two days
    const above = narrow ? 18 : 2; // the name of a row stands over it where there is no room beside it
    const row = above + ROOM + 24, height = data.zones.length * row + 48;
    const text = (c) => `${alone(c.name)}\n${alone(name[c.zone])}, ${span(c.t[1], c.t[2], c.dated)}\n${c.counts ? "counted" : "not counted"}; open the card`;
    const svg = Plot.plot({
      width: full, height, marginLeft: left, marginRight: 22, marginTop: 40, marginBottom: 6,
      style: { background: "transparent", color: "var(--ink)" },
      x: { type: "utc", domain: [date(data.start), date(data.end)], axis: "top", label: null, ticks: narrow ? 5 : 10, tickFormat: hours },
      y: { type: "band", domain: data.zones.map((z) => z.id), padding: 0, label: null, axis: narrow ? null : "left", tickFormat: (id) => fitted(name[id], left - 10), tickSize: 0 },
      marks: [
        narrow ? Plot.text(data.zones, { x: () => date(data.start), y: "id", text: (z) => fitted(z.name, outer - 12), textAnchor: "start", fill: "currentColor", dy: 10 - row / 2, dx: 1 }) : null,
        Plot.barX(cells.filter((c) => c.state === "unknown"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "url(#unknown)", stroke: gap ? "var(--line)" : "none", strokeWidth: 0.5, insetTop: row - 18, insetBottom: 4, fillOpacity: 0.75 }),
        Plot.barX(cells.filter((c) => c.state === "partly"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "var(--orange)", insetTop: row - 11, insetBottom: 4, inset: gap }),
        Plot.barX(cells.filter((c) => c.state === "usable"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "var(--green)", insetTop: row - 18, insetBottom: 4, insetLeft: gap, insetRight: gap }),
        Plot.text(cells.filter((c) => wide >= 7 && c.berth && c.state !== "unknown"), { x: (c) => date(c.t + DAY / 2), y: "zone", text: (c) => signs[c.berth], fill: (c) => c.state === "usable" ? "var(--paper)" : "currentColor", fontSize: 10, fontWeight: 700, dy: row / 2 - 11, pointerEvents: "none" }),
        ...stacks.flatMap(({ lane, lanes, calls: part }) => {
          const from = above + 3 + (lane * ROOM) / lanes, tall = Math.max(1.5, ROOM / lanes - (lanes > 1 ? 2.8 : 0)); // less a gap wider than an outline
          return [
            Plot.ruleY(part, { x1: "early", x2: "late", y: "zone", stroke: (c) => c.counts ? "var(--red)" : "var(--blue)", strokeWidth: 1.4, dy: from + tall / 2 - row / 2 }),
            Plot.barX(part, { x1: "from", x2: "to", y: "zone", fill: (c) => c.counts ? "var(--red)" : "var(--paper)", stroke: (c) => c.counts ? "var(--red)" : "var(--blue)", strokeWidth: 1.4, insetTop: from, insetBottom: row - from - tall, className: `calls calls-${lanes}-${lane}` }),
          ];
        }),
        Plot.tip([...cells.map((c) => ({ c, x: date(c.t + DAY / 2), zone: c.zone })), ...calls.map((k) => ({ k, x: new Date((+k.from + +k.to) / 2), zone: k.zone }))],
          Plot.pointer({ x: "x", y: "zone", fill: "var(--raise)", stroke: "var(--line)", maxRadius: 18, title: (d) => d.k ? text(d.k) : `${day(d.c.t)}, ${alone(name[d.c.zone])}\n${d.c.state}${d.c.looks ? `, ${d.c.looks} ${d.c.looks === 1 ? "look" : "looks"}` : ", nobody looked"}${berth(d.c)}` })),
      ],
    });
    for (const { lane, lanes, calls: part } of stacks) {
      const shown = part.filter((c) => c.from < c.to);
      svg.querySelectorAll(`g.calls-${lanes}-${lane} rect`).forEach((bar, n) => {
        if (!shown[n]) return;
        bar.style.cursor = "pointer";
        bar.addEventListener("click", () => show(shown[n].id));
      });
    }
    return svg;
  }
  responsive(box, draw);
})();
