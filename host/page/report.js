// SPDX-License-Identifier: MIT
// Puts the page together: sections, theme, print.

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = null;  // until the reader chooses, the system's

function setTheme() {
  const theme = chosenTheme ?? (prefersDark.matches ? "dark" : "light");
  root.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = theme === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
}

const relayoutAll = (sizeOf) => figures.forEach(({plot}) => {
  if (plot.layout) Plotly.relayout(plot, sizeOf(plot));
});
const drawAll = () => figures.forEach((figure) => figure.draw());

function addTheme() {
  setTheme();
  document.getElementById("theme").addEventListener("click", () => {
    chosenTheme = root.dataset.theme === "dark" ? "light" : "dark";
    setTheme();
    drawAll();
  });
  prefersDark.addEventListener("change", () => {
    setTheme();
    drawAll();
  });
}

// Paper is white and narrower than most windows, and figures have a fixed size in pixels.
function addPrinting() {
  let before = null;
  addEventListener("beforeprint", () => {
    before = {
      theme: root.dataset.theme,
      closed: [...document.querySelectorAll("main details:not([open])")]
    };
    for (const details of before.closed) details.open = true;
    root.dataset.theme = "light";
    root.classList.add("printing");
    drawAll();
    relayoutAll((plot) => ({width: plot.clientWidth}));
  });
  addEventListener("afterprint", () => {
    for (const details of before.closed) details.open = false;
    root.dataset.theme = before.theme;
    root.classList.remove("printing");
    drawAll();
    relayoutAll(() => ({autosize: true}));
  });
}

function addProvenance() {
  const list = document.getElementById("origin");
  for (const [name, text] of study.provenance)
    list.append(make("dt", {}, name), make("dd", {}, text));
  document.getElementById("yaml-given").textContent = study.yaml_given;
  document.getElementById("yaml-resolved").textContent = study.yaml_resolved;
  document.getElementById("steps").textContent = study.steps;
}

// One figure after the other, so that the page can be read and scrolled meanwhile.
function drawInTurn(waiting) {
  const next = waiting.shift();
  if (!next) {
    root.dataset.drawn = Math.round(performance.now());
    return;
  }
  next.draw();
  setTimeout(drawInTurn, 0, waiting);
}

addTheme();
addPhase();
addConstants();
addTrajectories();
addRegimes();
addCCrit();
addTable();
addProvenance();
addPrinting();
drawInTurn([...figures]);
