// Which berth was looked at on which day, and the calls over it.
"use strict";
(() => {
  const box = document.getElementById("calendar");
  const { data, DAY, day, moment, show, responsive } = capwatch;
  const days = Math.max(1, Math.round((data.end - data.start) / DAY));
  const rank = { unknown: 0, partly: 1, usable: 2 };
  const best = new Map();
  for (const look of data.looks) {
    const key = `${look.zone}|${Math.floor((look.t - data.start) / DAY)}`;
    const had = best.get(key) || { state: "unknown", looks: 0, scenes: [] };
    if (look.covered || look.state !== "unknown") { had.looks += 1; had.scenes.push(look.scene); }
    if (rank[look.state] > rank[had.state]) had.state = look.state;
    best.set(key, had);
  }
  const name = Object.fromEntries(data.zones.map((z) => [z.id, z.name]));
  const cells = data.zones.flatMap((zone) => Array.from({ length: days }, (_, n) => ({ zone: zone.id, n, t: data.start + n * DAY, ...(best.get(`${zone.id}|${n}`) || { state: "unknown", looks: 0, scenes: [] }) })));
  const date = (seconds) => new Date(seconds * 1000);
  const inside = (seconds) => date(Math.min(Math.max(seconds, data.start), data.end));
  const calls = data.calls.filter((c) => name[c.zone] !== undefined).map((c) => ({ ...c,
    from: inside(c.t[1]), to: inside(Math.max(c.t[2], c.t[1] + 0.35 * DAY)), early: inside(c.t[0] ?? c.t[1]), late: inside(c.t[3] ?? data.end) }));

  function draw(width) {
    const outer = box.parentElement.clientWidth || width;
    const narrow = outer < 560, left = narrow ? 98 : 190;
    const full = Math.max(outer, left + 20 + days * (narrow ? 11 : 7));
    const height = data.zones.length * 40 + 48;
    const text = (c) => `${c.name}\n${name[c.zone]}, ${moment(c.t[1])}${c.t[2] > c.t[1] ? ` to ${moment(c.t[2])}` : ""}\n${c.counts ? "counted" : "not counted"}; open the card`;
    const svg = Plot.plot({
      width: full, height, marginLeft: left, marginRight: 14, marginTop: 40, marginBottom: 6,
      style: { background: "transparent", color: "var(--ink)" },
      x: { type: "utc", domain: [date(data.start), date(data.end)], axis: "top", label: null, ticks: narrow ? 5 : 10 },
      y: { type: "band", domain: data.zones.map((z) => z.id), label: null, tickFormat: (id) => { const n = name[id]; const most = narrow ? 11 : 27; return n.length > most ? `${n.slice(0, most - 1)}…` : n; }, tickSize: 0 },
      marks: [
        Plot.barX(cells.filter((c) => c.state === "unknown"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "url(#unknown)", stroke: "var(--line)", strokeWidth: 0.5, insetTop: 19, insetBottom: 3, fillOpacity: 0.75 }),
        Plot.barX(cells.filter((c) => c.state === "partly"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "var(--orange)", insetTop: 26, insetBottom: 3, inset: 0.5 }),
        Plot.barX(cells.filter((c) => c.state === "usable"), { x1: (c) => date(c.t), x2: (c) => date(c.t + DAY), y: "zone", fill: "var(--green)", insetTop: 19, insetBottom: 3, insetLeft: 0.5, insetRight: 0.5 }),
        Plot.ruleY(calls, { x1: "early", x2: "late", y: "zone", stroke: (c) => c.counts ? "var(--red)" : "var(--blue)", strokeWidth: 1.6, dy: -9 }),
        Plot.barX(calls, { x1: "from", x2: "to", y: "zone", fill: (c) => c.counts ? "var(--red)" : "var(--paper)", stroke: (c) => c.counts ? "var(--red)" : "var(--blue)", strokeWidth: 1.6, insetTop: 5, insetBottom: 22, className: "calls" }),
        Plot.tip([...cells.map((c) => ({ c, x: date(c.t + DAY / 2), zone: c.zone })), ...calls.map((k) => ({ k, x: new Date((+k.from + +k.to) / 2), zone: k.zone }))],
          Plot.pointer({ x: "x", y: "zone", fill: "var(--raise)", stroke: "var(--line)", maxRadius: 18, title: (d) => d.k ? text(d.k) : `${day(d.c.t)}, ${name[d.c.zone]}\n${d.c.state}${d.c.looks ? `, ${d.c.looks} ${d.c.looks === 1 ? "look" : "looks"}` : ", nobody looked"}` })),
      ],
    });
    const bars = svg.querySelectorAll("g.calls rect");
    const order = calls.filter((c) => c.from < c.to);
    bars.forEach((bar, n) => {
      const call = order[n];
      if (!call) return;
      bar.style.cursor = "pointer";
      bar.addEventListener("click", () => show(call.id));
    });
    return svg;
  }
  responsive(box, draw);
})();
