// An analyst's verdicts, gathered in this page as lines for the review file. Nothing is stored or sent.
"use strict";
(() => {
  const dialog = document.getElementById("verdict-dialog"), list = document.getElementById("verdicts-dialog"), out = document.getElementById("verdicts");
  const verdict = document.getElementById("vd-verdict"), name = document.getElementById("vd-name"), other = document.getElementById("vd-other"), who = document.getElementById("vd-who"), why = document.getElementById("vd-why");
  const kept = [];
  let target = null;
  const value = () => ({ rename: name.value, merge: other.value })[verdict.value] ?? "";
  function arrange() {
    for (const [field, wanted] of [[name, verdict.value === "rename"], [other, verdict.value === "merge"]]) {
      document.getElementById(`${field.id}-row`).hidden = !wanted;
      field.required = wanted;
    }
  }
  /** What it may be the same as: the other calls, or the other objects of the same image. */
  function others(kind) {
    const { data, alone, moment } = capwatch;
    const told = (thing, words) => capwatch.el("option", { value: thing.id }, words.filter(Boolean).join(", "));
    if (kind === "call")
      return data.calls.filter((c) => c.id !== target).map((c) => told(c, [c.number ? `${c.number}:` : "", moment(c.t[1], c.dated), alone(c.name), c.zone, c.id]));
    const scene = data.detections.find((d) => d.id === target)?.scene;
    return data.detections.filter((d) => d.id !== target && d.scene === scene).map((d) => told(d, [`${d.length[0]} m`, d.zone, d.id]));
  }
  verdict.addEventListener("change", arrange);
  /** A field of a CSV; a leading sign that a spreadsheet would run gets an apostrophe. */
  function field(text) {
    const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }
  for (const button of document.querySelectorAll("button[data-target]"))
    button.addEventListener("click", () => {
      target = button.dataset.target;
      document.getElementById("vd-about").textContent = `${button.dataset.kind} ${target}`;
      verdict.value = button.dataset.verdict || "reject";
      name.value = why.value = "";
      other.replaceChildren(capwatch.el("option", { value: "" }, "choose"), ...others(button.dataset.kind));
      arrange();
      dialog.returnValue = "";
      dialog.showModal();
    });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "keep") return;
    const when = new Date().toISOString().slice(0, 16) + "Z";
    kept.push([target, verdict.value, value(), who.value, when, why.value].map(field).join(","));
    out.textContent = kept.join("\n");
    document.getElementById("n-verdicts").textContent = String(kept.length);
  });
  document.getElementById("show-verdicts").addEventListener("click", () => list.showModal());
  document.getElementById("save-verdicts").addEventListener("click", () => {
    const text = `target,verdict,value,who,when,why\n${kept.join("\n")}\n`;
    const link = capwatch.el("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `${capwatch.data.aoi}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
