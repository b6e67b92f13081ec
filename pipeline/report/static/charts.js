// The cumulative account against the cap, by Observable Plot. Colours are CSS variables, so that dark mode and print follow.
"use strict";
(() => {
  const box = document.getElementById("account-plot");
  const { data, barrels, responsive, day, hours } = capwatch;
  const { days, looked, cap, series } = data.account;
  if (!box || !days.length) return; // an account without a call has no chart
  const at = days.map((text) => new Date(`${text}T12:00:00Z`));
  const rows = days.map((text, n) => ({ day: at[n], looked: looked[n], ...Object.fromEntries(Object.entries(series).map(([k, v]) => [k, v[n]])) }));
  const names = { observed_p50: "observed", corrected_p50: data.account.extrapolated ? "extrapolated" : "with unseen calls", as_detected_p50: "as detected",
    alone: "calls shown alone", at_33: "⅓ full", at_50: "50 % full", at_60: "60 % full", at_90: "90 % full", at_100: "full" };
  const { alone } = data.account; // what the calls shown make without possible further ships, at the last day
  rows[rows.length - 1].alone = alone;
  const first = rows[0], last = rows[rows.length - 1], half = 43200e3;
  // from the beginning of the first day to the end of the last, which may be one day
  const drawn = [{ ...first, day: new Date(+first.day - half) }, ...rows, { ...last, day: new Date(+last.day + half) }];
  const MOST_OF_UNSEEN = 2; // times the axis that cap and observed want
  const scenes = document.querySelector("input[name=series][value^=at_]"); // none where no call was counted
  const chosen = () => new Set([...document.querySelectorAll("input[name=series]:checked")].map((i) => i.value));
  const whole = () => document.querySelector("input[name=scale]:checked").value === "cap";

  /** Labels at the right end, pushed apart until they can be read. */
  function labels(shown, height, top) {
    const last = rows[rows.length - 1];
    const wanted = shown.filter((k) => last[k] !== null).map((k) => ({ key: k, value: last[k], y: Math.min(last[k], top) })).sort((a, b) => a.value - b.value);
    const gap = (14 / height) * top;
    for (let n = 1; n < wanted.length; n += 1) wanted[n].y = Math.max(wanted[n].y, wanted[n - 1].y + gap);
    const over = wanted.length ? wanted[wanted.length - 1].y - top : 0;
    if (over > 0) for (const w of wanted) w.y -= over;
    for (let n = wanted.length - 2; n >= 0; n -= 1) wanted[n].y = Math.min(wanted[n].y, wanted[n + 1].y - gap);
    return wanted;
  }

  function draw(width) {
    const on = chosen();
    const corrected = on.has("corrected") && rows.some((r) => r.corrected_p50 !== null);
    const scenarios = [...on].filter((k) => k.startsWith("at_"));
    const before = on.has("as_detected_p50") && series.as_detected_p50;
    const narrow = width < 560, height = narrow ? 300 : 380;
    const largest = (keys) => Math.max(1, ...rows.flatMap((r) => keys.map((k) => r[k])).filter((v) => v !== null));
    const seen = largest(["observed_p95", ...scenarios]), plain = whole() ? Math.max(1.06 * cap, 1.04 * seen) : 1.08 * seen;
    // what nobody saw may be many times what was seen: it runs out at the top, and cap and observed stay readable
    const top = corrected ? Math.max(plain, Math.min(1.08 * largest(["corrected_p95"]), MOST_OF_UNSEEN * plain)) : plain;
    const unseen = corrected ? largest(["corrected_p95"]) : 0; // said where the band runs out, for its edge would read as its end
    // of a period that holds the turn of an account year only the last year is in the account: no day before it is drawn
    const start = new Date(Math.max(data.start * 1000, +first.day - half)), end = new Date(data.end * 1000);
    const blind = rows.filter((r) => r.looked === "unknown").map((r) => ({ x1: new Date(+r.day - half), x2: new Date(+r.day + half) }));
    const line = (key, more) => Plot.lineY(drawn.filter((r) => r[key] !== null), { x: "day", y: key, curve: "step-after", ...more });
    const ends = labels(["observed_p50", ...(alone !== null ? ["alone"] : []), ...(corrected ? ["corrected_p50"] : []), ...scenarios, ...(before ? ["as_detected_p50"] : [])], height - 50, top);
    const tint = (key) => key === "observed_p50" || key === "alone" ? "var(--blue)" : key === "corrected_p50" ? "var(--amber)" : "var(--soft)";
    // Room for the longest number at either side: cut on paper, 1,200,000 would read 200,000.
    const most = (d) => last[d.key.replace("p50", "p95")]; // beside a median of 0, which alone would read as a finding
    const sum = (d) => !d.value && most(d) ? `0 to ${barrels(most(d))}` : barrels(d.value);
    const said = (d) => d.key === "observed_p50" && !scenes ? "no counted call" : narrow ? names[d.key] : `${names[d.key]}, ${sum(d)}`;
    // where a line crosses the cap its name stands at the right end, below it: there no line does
    const crossed = rows.some((r) => r.observed_p50 > cap || (corrected && r.corrected_p50 > cap)), below = crossed && (cap / top) * height > 30;
    const tick = (v) => narrow && v >= 1000 ? `${v / 1000}k` : v.toLocaleString("en-US");
    const left = 16 + 7 * tick(Math.ceil(top / 1000) * 1000).length, right = 12 + (narrow ? 5.8 : 6.8) * Math.max(...ends.map((d) => said(d).length));
    return Plot.plot({
      width, height, marginLeft: Math.max(narrow ? 46 : 64, left), marginRight: Math.max(narrow ? 92 : 172, right), marginTop: 18, marginBottom: 34,
      style: { background: "transparent", color: "var(--ink)" },
      x: { type: "utc", domain: [start, end], label: null, ticks: narrow ? 4 : 8, tickFormat: hours },
      y: { domain: [0, top], grid: true, label: "barrels", ticks: 6, tickFormat: tick },
      marks: [
        Plot.rectY(blind, { x1: "x1", x2: "x2", y1: 0, y2: top, fill: "url(#unknown)", fillOpacity: 0.55 }),
        data.simulated ? Plot.text([[(+start + +end) / 2, top * 0.62]], { x: (d) => new Date(d[0]), y: (d) => d[1], text: ["SIMULATED"], fontSize: narrow ? 34 : 56, fontWeight: 800, fill: "var(--warn)", fillOpacity: 0.14, rotate: -14 }) : null,
        corrected ? Plot.areaY(drawn.filter((r) => r.corrected_p50 !== null), { x: "day", y1: "corrected_p5", y2: "corrected_p95", curve: "step-after", fill: "var(--band2)", clip: true }) : null,
        Plot.areaY(drawn, { x: "day", y1: "observed_p5", y2: "observed_p95", curve: "step-after", fill: "var(--band)" }),
        ...scenarios.map((key) => line(key, { stroke: "var(--soft)", strokeWidth: 1.2, strokeDasharray: "1.5 3" })),
        corrected ? line("corrected_p50", { stroke: "var(--orange)", strokeWidth: 2, strokeDasharray: "7 4", clip: true }) : null,
        before ? line("as_detected_p50", { stroke: "var(--soft)", strokeWidth: 1.6, strokeDasharray: "10 3 2 3" }) : null,
        line("observed_p50", { stroke: "var(--blue)", strokeWidth: 2.6 }),
        alone !== null ? Plot.dot([alone], { x: () => at[at.length - 1], y: (d) => d, r: 4, fill: "var(--paper)", stroke: "var(--blue)", strokeWidth: 2 }) : null,
        top >= cap ? Plot.ruleY([cap], { stroke: "var(--red)", strokeWidth: 2 }) : null,
        top >= cap ? Plot.text([cap], { x: () => crossed ? end : start, y: (d) => d, text: () => `cap, ${cap.toLocaleString("en-US")} barrels`, fill: "var(--red)", textAnchor: crossed ? "end" : "start", dx: crossed ? -5 : 5, dy: below ? 10 : -9, fontWeight: 600, stroke: crossed ? "var(--paper)" : "none", strokeWidth: 4 }) : null,
        Plot.text(ends, { x: () => end, y: "y", text: said, textAnchor: "start", dx: 6, fill: (d) => tint(d.key), fontWeight: (d) => d.key.endsWith("p50") ? 600 : 400, fontSize: narrow ? 10.5 : 12 }),
        unseen > top ? Plot.text([top], { x: () => end, y: (d) => d, text: () => `↑ to ${barrels(unseen)}`, fill: "var(--amber)", textAnchor: "end", dx: -5, dy: 9, fontWeight: 600, stroke: "var(--paper)", strokeWidth: 4, fontSize: narrow ? 10.5 : 12 }) : null,
        Plot.ruleY([0], { stroke: "var(--soft)" }),
        Plot.tip(rows, Plot.pointerX({ x: "day", y: "observed_p50", fill: "var(--raise)", stroke: "var(--line)", title: (r) => [
          day(+r.day / 1000), `observed ${barrels(r.observed_p50)} (${barrels(r.observed_p5)} to ${barrels(r.observed_p95)})`,
          corrected && r.corrected_p50 !== null ? `with unseen calls ${barrels(r.corrected_p50)} (${barrels(r.corrected_p5)} to ${barrels(r.corrected_p95)})` : "",
          ...scenarios.map((k) => `${names[k]}: ${barrels(r[k])}`), `looked at: ${r.looked.replace("_", " ")}`].filter(Boolean).join("\n") })),
      ].filter(Boolean),
    });
  }
  responsive(box, draw);
  for (const input of document.querySelectorAll("input[name=series], input[name=scale]"))
    input.addEventListener("change", () => box.replaceChildren(draw(box.clientWidth)));
})();
