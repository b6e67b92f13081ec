// An analyst's verdicts, gathered in this page as lines for the review file. Nothing is stored or sent.
"use strict";
(() => {
  const dialog = document.getElementById("verdict-dialog"), list = document.getElementById("verdicts-dialog"), out = document.getElementById("verdicts");
  const verdict = document.getElementById("vd-verdict"), value = document.getElementById("vd-value"), who = document.getElementById("vd-who"), why = document.getElementById("vd-why");
  const kept = [];
  let target = null;
  const needsValue = () => ["rename", "merge"].includes(verdict.value);
  const arrange = () => { document.getElementById("vd-value-row").hidden = !needsValue(); value.required = needsValue(); };
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
      value.value = why.value = "";
      arrange();
      dialog.returnValue = "";
      dialog.showModal();
    });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "keep") return;
    const when = new Date().toISOString().slice(0, 16) + "Z";
    kept.push([target, verdict.value, needsValue() ? value.value : "", who.value, when, why.value].map(field).join(","));
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
