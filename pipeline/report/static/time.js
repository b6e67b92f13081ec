// The time slider: all days at once, or one day with its looks as pictures.
"use strict";
(() => {
  const { data, alone, DAY, day, moment, map } = capwatch;
  const slider = document.getElementById("day"), all = document.getElementById("all-days"), when = document.getElementById("when"), chosen = document.getElementById("picture");
  const days = Math.max(1, Math.ceil((data.end - data.start) / DAY));
  slider.max = String(days - 1);
  const seen = data.scenes.filter((s) => s.t !== null && s.t >= data.start && s.t < data.end);
  const dayOf = (t) => Math.floor((t - data.start) / DAY);
  const withLooks = [...new Set(seen.map((s) => dayOf(s.t)))].sort((a, b) => a - b);
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  seen.forEach((scene, n) => { if (scene.image) chosen.append(capwatch.el("option", { value: String(n) }, `${moment(scene.t, scene.dated)}, ${scene.sensor}${scene.pixel_m ? `, ${scene.pixel_m} m` : ""}`)); });

  const ticks = document.querySelector(".ticks");
  ticks.setAttribute("viewBox", `0 0 ${days} 10`);
  const counted = new Set(data.zones.filter((z) => z.counts).map((z) => z.id)), rank = { unknown: 0, partly: 1, usable: 2 }, state = Array(days).fill("unknown");
  for (const look of data.looks) {
    const n = dayOf(look.t);
    if (counted.has(look.zone) && n >= 0 && n < days && rank[look.state] > rank[state[n]]) state[n] = look.state;
  }
  state.forEach((s, n) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ x: n + 0.06, y: s === "partly" ? 5 : 0, width: 0.88, height: s === "partly" ? 5 : 10, class: s })) bar.setAttribute(key, value);
    ticks.append(bar);
  });

  function showAll() {
    all.setAttribute("aria-pressed", "true");
    slider.setAttribute("aria-valuetext", "all days");
    map.filter(null);
    map.picture(chosen.value === "" ? [] : [seen[Number(chosen.value)]]);
    when.textContent = `${days === 1 ? "The day" : `All ${days} days`}: ${plural(seen.length, "look")}, ${plural(data.calls.length, "call")}. Move the slider for one day; the bars under it say whether a ${data.counted} was seen.`;
  }
  function showDay() {
    const n = Number(slider.value), from = data.start + n * DAY;
    all.setAttribute("aria-pressed", "false");
    const looks = seen.filter((s) => dayOf(s.t) === n);
    const calls = data.calls.filter((c) => c.t[1] < from + DAY && c.t[2] >= from);
    map.filter(from, from + DAY);
    const pictured = looks.filter((s) => s.image).sort((a, b) => b.pixel_m - a.pixel_m);
    map.picture(pictured);
    chosen.value = pictured.length ? String(seen.indexOf(pictured.at(-1))) : ""; // the finest lies on top
    const words = looks.length ? `${plural(looks.length, "look")} (${looks.map((s) => s.dated ? `${s.sensor}, hour unknown` : `${s.sensor} at ${moment(s.t).split(", ")[1]}`).join(", ")})` : "no look: unknown";
    when.textContent = `${day(from)}: ${words}; ${plural(calls.length, "call")} under way${calls.length ? ` (${calls.map((c) => alone(c.name)).join(", ")})` : ""}.`;
    slider.setAttribute("aria-valuetext", when.textContent);
  }
  function step(by) {
    const now = all.getAttribute("aria-pressed") === "true" ? (by > 0 ? -1 : days) : Number(slider.value);
    const next = by > 0 ? withLooks.find((n) => n > now) : [...withLooks].reverse().find((n) => n < now);
    if (next !== undefined) { slider.value = String(next); showDay(); }
  }
  slider.addEventListener("input", showDay);
  all.addEventListener("click", () => { chosen.value = ""; showAll(); });
  chosen.addEventListener("change", showAll);
  document.getElementById("day-on").addEventListener("click", () => step(1));
  document.getElementById("day-back").addEventListener("click", () => step(-1));
  showAll();
})();
