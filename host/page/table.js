// SPDX-License-Identifier: MIT
// The table of networks: sorted by any column, filtered, a page at a time.

const rowsOfAPage = 50;
const number = (name, html, values, digits) =>
  ({name, html, value: (n) => values[n], text: (n) => short(values[n], digits)});
const word = (name, html, value) => ({name, html, value, text: value});
const columns = [
  number("depth", "depth", networks.depth), number("width", "width", networks.width, 6),
  ...networks.swept.map(
    (column, k) =>
      word(study.swept[k], plain(study.swept[k]), (n) => column.texts[column.codes[n]])),
  {
    name: "seed",
    html: "seed",
    value: (n) => Number(networks.seed.texts[networks.seed.codes[n]]),
    text: (n) => networks.seed.texts[networks.seed.codes[n]]
  },
  number("c", "<i>c</i>", networks.c, 4), number("eta", "η", networks.learning_rate),
  number("lambda0", "λ₀", networks.sharpness_0, 4),
  word("status", "status", (n) => study.statuses[networks.status[n]]),
  word("region", "region", (n) => study.regions[networks.region[n]] ?? "–"),
  number("loss", "max L/L₀", networks.loss_rise),
  number("sharpness", "max λ/λ₀", networks.sharpness_rise),
  number("accuracy", "accuracy", networks.accuracy), {
    name: "step",
    html: "diverged at",
    value: (n) => (networks.diverged_step[n] < 0 ? NaN : networks.diverged_step[n]),
    text: (n) => (networks.diverged_step[n] < 0 ? "–" : String(networks.diverged_step[n]))
  }
];

const kindOf = (column) => (column.value === column.text ? "word" : "number");

const view = {
  order: [],
  page: 0,
  column: null,
  descending: false
};
const pages = () => Math.max(1, Math.ceil(view.order.length / rowsOfAPage));

// A condition for each word of the filter: column=value, column>value, column<value, or text in
// some cell.
function conditionOf(term) {
  const match = /^([^<>=]+)(<=|>=|=|<|>)(.+)$/.exec(term);
  const column = match && columns.find((c) => c.name.toLowerCase() === match[1]);
  if (!column) return (n) => columns.some((c) => c.text(n).toLowerCase().includes(term));
  const wanted = Number(match[3]);
  if (Number.isNaN(wanted))
    return (n) => match[2] === "=" && column.text(n).toLowerCase() === match[3];
  const compare = {
    "=": (x) => x === wanted || column.text(x.n) === match[3],
    "<": (x) => x < wanted,
    ">": (x) => x > wanted,
    "<=": (x) => x <= wanted,
    ">=": (x) => x >= wanted
  }[match[2]];
  if (match[2] === "=") return (n) => Number(column.text(n)) === wanted;
  return (n) => compare(Number(column.value(n)));
}

// Missing numbers come last either way.
function compareBy(column) {
  const sign = view.descending ? -1 : 1;
  return (a, b) => {
    const x = column.value(a), y = column.value(b);
    if (typeof x === "string") return sign * (x < y ? -1 : x > y ? 1 : 0);
    const known = Number.isNaN(x) - Number.isNaN(y);
    return known !== 0 ? known : sign * (x - y || 0);
  };
}

function arrange() {
  const conditions =
    document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean).map(
      conditionOf);
  view.order = Array.from({length: networks.count}, (_, n) => n)
                 .filter((n) => conditions.every((holds) => holds(n)));
  if (view.column) view.order.sort(compareBy(view.column));
  view.page = 0;
  drawRows();
}

function drawRows() {
  const first = view.page * rowsOfAPage;
  const rows =
    view.order.slice(first, first + rowsOfAPage)
      .map(
        (n) => make(
          "tr", {}, ...columns.map((column) => make("td", {class: kindOf(column)}, column.text(n))),
          make(
            "td", {},
            make(
              "button", {
                type: "button",
                class: "small",
                "aria-label": `Plot the network of row ${n + 1}`,
                onclick: () => showNetwork(n)
              },
              "Plot"))));
  const body = document.querySelector("#table tbody");
  body.replaceChildren(...rows);
  if (rows.length === 0)
    body.append(
      make("tr", {}, make("td", {colspan: columns.length + 1, class: "word"}, "No network.")));
  document.getElementById("count").textContent = view.order.length === networks.count ?
    `${networks.count} network${networks.count === 1 ? "" : "s"}` :
    `${view.order.length} of ${networks.count} networks`;
  document.getElementById("paper-note").textContent =
    `${rows.length} of ${networks.count} networks, from the page that was open.`;
  document.getElementById("place").textContent = `Page ${view.page + 1} of ${pages()}`;
  document.getElementById("previous").disabled = view.page === 0;
  document.getElementById("next").disabled = view.page + 1 >= pages();
}

function sortBy(column, head) {
  view.descending = view.column === column && !view.descending;
  view.column = column;
  for (const other of document.querySelectorAll("#table th")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", view.descending ? "descending" : "ascending");
  arrange();
}

function addTable() {
  const heads = columns.map((column) => {
    const head = make("th", {scope: "col", class: kindOf(column)});
    head.append(
      make("button", {type: "button", html: column.html, onclick: () => sortBy(column, head)}));
    return head;
  });
  document.querySelector("#table thead")
    .append(make(
      "tr", {}, ...heads, make("th", {scope: "col", html: '<span class="hidden">plot</span>'})));
  const turn = (by) => () => {
    view.page = Math.min(pages() - 1, Math.max(0, view.page + by));
    drawRows();
  };
  document.getElementById("previous").addEventListener("click", turn(-1));
  document.getElementById("next").addEventListener("click", turn(1));
  document.getElementById("filter").addEventListener("input", arrange);
  arrange();
}
