// The table of calls: sort by heading, filter by text, zone, evidence; and the buttons over the cards.
"use strict";
(() => {
  for (const [id, open] of [["open-all", true], ["close-all", false]])
    document.getElementById(id).addEventListener("click", () => document.querySelectorAll("details.card").forEach((card) => { card.open = open; }));
  const outlines = document.getElementById("outlines");
  outlines.addEventListener("click", () => {
    const on = outlines.getAttribute("aria-pressed") !== "true";
    outlines.setAttribute("aria-pressed", on);
    document.getElementById("cards").classList.toggle("no-outlines", !on);
  });
  const table = document.getElementById("call-table");
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows];
  const find = document.getElementById("find"), zone = document.getElementById("zone"), kind = document.getElementById("class"), counted = document.getElementById("only-counted"), dark = document.getElementById("only-dark"), shown = document.getElementById("shown");
  const places = new Map(rows.map((r) => [r.dataset.zone, r.querySelector("[data-label=zone]").textContent]));
  for (const [id, name] of [...places].sort((a, b) => a[1].localeCompare(b[1]))) zone.append(capwatch.el("option", { value: id }, name));

  function filter() {
    const words = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const on = (!words || `${row.textContent} ${row.dataset.flags}`.toLowerCase().includes(words)) && (!zone.value || row.dataset.zone === zone.value)
        && (!kind.value || row.dataset.class === kind.value) && (!counted.checked || row.dataset.counts === "1") && (!dark.checked || row.dataset.dark === "1");
      row.hidden = !on;
      count += on;
    }
    shown.textContent = `${count} of ${rows.length} shown`;
  }
  for (const input of [find, zone, kind, counted, dark]) input.addEventListener("input", filter);

  const value = (row, n, number) => {
    const cell = row.cells[n];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return number ? (text === "" ? -Infinity : parseFloat(text)) : text.toLowerCase();
  };
  [...table.tHead.rows[0].cells].forEach((head, n) => {
    const button = capwatch.el("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending", number = head.dataset.kind === "number";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sorted = rows.map((row, order) => ({ row, order, v: value(row, n, number) }))
        .sort((a, b) => (a.v < b.v ? -1 : a.v > b.v ? 1 : 0) * (up ? 1 : -1) || a.order - b.order);
      body.append(...sorted.map((s) => s.row));
    });
  });
  for (const row of rows) row.querySelector("a").addEventListener("click", (event) => { event.preventDefault(); capwatch.show(row.querySelector("a").hash.slice(6)); });
  filter();
})();
