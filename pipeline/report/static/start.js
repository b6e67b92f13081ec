// The page's data, small helpers, and the switch between light and dark. Text from data only ever becomes text nodes.
"use strict";
const capwatch = (() => {
  const root = document.documentElement;
  root.classList.add("js");
  const data = JSON.parse(document.getElementById("data").textContent);
  const DAY = 86400;

  /** An element with attributes and children; strings become text nodes. */
  function el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  /** A name as a part of a line: whatever it holds to turn letters around (U+202E) ends with it, and it ends no more than that. */
  const alone = (name) => `\u2068${name.replace(/[\u2066-\u2069]/g, "")}\u2069`;
  const two = (n) => String(n).padStart(2, "0");
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  function day(seconds) {
    const t = new Date(seconds * 1000);
    return `${t.getUTCDate()} ${months[t.getUTCMonth()]} ${t.getUTCFullYear()}`;
  }
  /** A time to the minute; of images that tell their day alone, noon and a day's first and last second stand for the day. */
  function moment(seconds, dated) {
    const t = new Date(seconds * 1000);
    if (dated && [0, DAY / 2, DAY - 1].includes(((seconds % DAY) + DAY) % DAY)) return day(seconds);
    return `${day(seconds)}, ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
  }
  /** From when to when; a day, or a minute, once. */
  function span(from, to, dated) {
    const [first, last] = [moment(from, dated), moment(to, dated)];
    return first === last ? first : `${first} to ${last}`;
  }
  /** Barrels as people say them: three digits, two below a thousand. */
  function barrels(value) {
    if (value === null || value === undefined) return "–";
    if (value <= 0) return "0";
    const step = 10 ** (Math.floor(Math.log10(value)) - (value >= 1000 ? 2 : 1));
    return (Math.round(value / step) * step).toLocaleString("en-US", { maximumFractionDigits: 0 });
  }
  /** How an axis names its times: by the hour from 0 to 24 where it is short; else as the library does, by days. */
  const hours = data.end - data.start > 3 * DAY ? undefined : (t) => t.getUTCHours() ? `${two(t.getUTCHours())}:00` : `${t.getUTCDate()} ${months[t.getUTCMonth()]}`;
  /** Open a call's card and go to it. */
  function show(call) {
    const card = document.getElementById(`call-${call}`);
    if (!card) return;
    card.open = true;
    if (location.hash !== `#call-${call}`) location.hash = `call-${call}`;
    card.scrollIntoView({ block: "start" });
    card.querySelector("summary").focus({ preventScroll: true });
  }
  addEventListener("hashchange", () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card && card.tagName === "DETAILS") card.open = true;
  });
  if (location.hash.startsWith("#call-")) document.getElementById(location.hash.slice(1))?.setAttribute("open", "");

  // A number keeps its unit and a date its hyphens: no line ends with 138 and leaves the % to the next, or with 2024-03-.
  for (const part of document.querySelectorAll(".page p, .page li, .page dd, figcaption")) {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), dated = [];
    while (texts.nextNode()) {
      const text = texts.currentNode;
      text.data = text.data.replace(/(\d) (?=(?:%|m|t|kn|bbl)(?!\w))/g, "$1\u00a0");
      if (/\d{4}-\d\d-\d\d/.test(text.data) && !text.parentNode.closest(".date, svg")) dated.push(text);
    }
    for (const text of dated) {
      text.replaceWith(...text.data.split(/(\d{4}-\d\d-\d\d)/).map((piece, n) => n % 2 === 0 ? piece :
        Object.assign(document.createElement("span"), { className: "date", textContent: piece })));
    }
  }

  // On paper nothing can be opened: what is folded is printed open. Cards of calls that do not count stay as they are.
  const folded = () => document.querySelectorAll("details:not([data-counted='no']):not([open])");
  const opened = [];
  addEventListener("beforeprint", () => { for (const part of folded()) { part.open = true; opened.push(part); } });
  addEventListener("afterprint", () => { for (const part of opened.splice(0)) part.open = false; });

  const theme = document.getElementById("theme");
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  theme.setAttribute("aria-pressed", isDark());
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    theme.setAttribute("aria-pressed", isDark());
  });

  /** Draw now and whenever the width changes. */
  function responsive(box, draw) {
    let width = 0;
    new ResizeObserver(() => {
      const now = Math.floor(box.clientWidth);
      if (now > 0 && Math.abs(now - width) > 1) { width = now; box.replaceChildren(draw(now)); }
    }).observe(box);
  }
  return { data, el, alone, day, moment, span, hours, barrels, show, responsive, DAY };
})();
