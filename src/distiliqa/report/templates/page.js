"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Empty cells stay last whichever way a column is sorted.
  function compare(one, other, numeric, sign) {
    if (one === "" || other === "") return (one === "") - (other === "");
    return sign * (numeric ? parseFloat(one) - parseFloat(other) : collator.compare(one, other));
  }

  function sort(header) {
    const table = header.closest("table");
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const numeric = header.classList.contains("number");
    const keyed = [...table.tBodies[0].rows].map(
      (row) => [row.cells[header.cellIndex].textContent.trim(), row]);
    keyed.sort(([one], [other]) => compare(one, other, numeric, sign));
    table.tBodies[0].append(...keyed.map(([, row]) => row));
    for (const head of table.tHead.rows[0].cells) head.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  }

  function filter(input) {
    const rows = document.getElementById(input.dataset.filters).tBodies[0].rows;
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.words ??= [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase();
      row.hidden = !words.every((word) => row.words.includes(word));
      shown += !row.hidden;
    }
    const output = input.closest(".filter").querySelector("output");
    output.textContent = words.length ? `${shown} of ${rows.length}` : "";
  }

  // A link may lead into a part that is folded.
  function unfold() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details:not([open])");
    if (!folded) return;
    folded.open = true;
    target.scrollIntoView({ block: "center" });
  }

  for (const header of document.querySelectorAll("table.sortable th[aria-sort]"))
    header.querySelector("button").addEventListener("click", () => sort(header));
  for (const input of document.querySelectorAll("input[data-filters]"))
    input.addEventListener("input", () => filter(input));
  for (const button of document.querySelectorAll(".pictures button"))
    button.addEventListener("click", () =>
      button.setAttribute("aria-pressed", button.closest("figure").classList.toggle("full")));
  window.addEventListener("hashchange", unfold);
  unfold();
})();
