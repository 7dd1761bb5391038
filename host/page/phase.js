// SPDX-License-Identifier: MIT
// The phase diagram: a panel for each depth and setting of the swept keys, on common axes.

const constantSymbols = ["circle", "square", "diamond", "triangle-up"];
const constantColour = (k) => css(`--constant-${k}`);
const regionColour = (k) => css(`--region-${k}`);
// The last region is hatched as well, for eyes and printers that do not tell colours apart.
const hatched = 5;
// Lines of the labels in the figure; they need that many pixels.
const labelLines = [
  ["below 2"], ["sharpness", "reduction"], ["loss", "catapult"], ["sharpness", "catapult"],
  ["loss and", "sharpness", "catapult"], ["divergent"]
];
const panelHeight = 380;

const shapesOf = (panel) =>
  study.shapes.filter((shape) => shape.depth === panel.depth && sameTexts(shape.swept, panel.swept))
    .sort((a, b) => b.width - a.width);

const pointsOf = (shapes, k) =>
  shapes.filter((shape) => shape.constants[k].seeds > 0)
    .map(
      (shape) =>
        ({x: -log2(shape.width), summary: shape.constants[k], where: `width ${shape.width}`}));

const measured = () =>
  study.constants.map((_, k) => k)
    .filter((k) => study.shapes.some((shape) => shape.constants[k].median[0] !== null));

function regionTraces(panel) {
  const regions = [...new Set(panel.tiles.map((tile) => tile[4]))].sort();
  return regions.map((region) => {
    const tiles = panel.tiles.filter((tile) => tile[4] === region);
    const trace = {
      type: "scatter",
      mode: "lines",
      fill: "toself",
      fillcolor: regionColour(region),
      line: {width: 0, color: regionColour(region)},
      hoveron: "fills",
      hoverinfo: "text",
      text: study.regions[region],
      hoverlabel: {bgcolor: css("--raised")},
      x: tiles.flatMap(([l, r]) => [l, l, r, r, l, null]),
      y: tiles.flatMap(([, , low, high]) => [low, high, high, low, low, null])
    };
    if (region === hatched)
      trace.fillpattern = {
        shape: "/",
        fgcolor: css("--hatch"),
        bgcolor: regionColour(region),
        size: 6,
        solidity: 0.25,
        fillmode: "replace"
      };
    return trace;
  });
}

// Names where they have room in a plot of this many pixels.
function regionLabels(panel, width, height) {
  const [left, right, low, high] = study.axes;
  const perX = width / (right - left), perY = height / (high - low);
  return panel.labels
    .filter(([l, r, lo, hi, region]) => {
      const lines = labelLines[region];
      const longest = Math.max(...lines.map((line) => line.length));
      return (r - l) * perX > 5.8 * longest && (hi - lo) * perY > 13 * lines.length + 2;
    })
    .map(([l, r, lo, hi, region]) => ({
           x: (l + r) / 2,
           y: (lo + hi) / 2,
           text: labelLines[region].join("<br>"),
           showarrow: false,
           font: {size: 11, color: css("--label")},
           ...(region === hatched ? {bgcolor: regionColour(region)} : {})
         }));
}

function panelContent(panel, plot) {
  const [left, right, low, high] = study.axes;
  const shapes = shapesOf(panel);
  const used = measured();
  const step = (right - left) * 0.022;
  const traces = regionTraces(panel);
  const said = [];
  used.forEach((k, n) => {
    const points = pointsOf(shapes, k);
    said.push(spoken(study.constants[k], points));
    traces.push(...medianTraces(points, {
      colour: constantColour(k),
      symbol: constantSymbols[k],
      name: study.constants[k],
      arrow: (high - low) * 0.045,
      bar: bracketBar,
      aside: step * (n - (used.length - 1) / 2)
    }));
  });
  const margin = {l: 52, r: 8, t: 6, b: 46};
  const inside = [plot.clientWidth - margin.l - margin.r, panelHeight - margin.t - margin.b];
  const layout = {
    margin,
    annotations: regionLabels(panel, ...inside),
    shapes: low < 1 && high > 1 ? [{
      type: "line",
      x0: left,
      x1: right,
      y0: 1,
      y1: 1,
      layer: "above",
      line: {color: css("--ink"), width: 1.2, dash: "2px,3px"}
    }] :
                                  [],
    xaxis: {
      range: [left, right],
      tickvals: panel.widths.map((w) => -log2(w)),
      ticktext: panel.widths.map(String),
      showgrid: false,
      title: {text: "width (log 1/w)"}
    },
    yaxis: {
      range: [low, high],
      ...ticksOfC(low, high),
      showgrid: false,
      title: {text: "<i>c</i> = η λ₀"}
    }
  };
  return {
    traces,
    layout,
    text: `Phase diagram, ${panel.title}. Medians: ${said.filter(Boolean).join("; ") || "none"}.`
  };
}

const symbolPaths = [
  "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", "M-4.5,-4.5h9v9h-9z", "M0,-6l6,6l-6,6l-6,-6z",
  "M0,-6l5.5,9.5h-11z"
];

function legendEntry(picture, words) {
  return make("span", {
    class: "entry",
    role: "listitem",
    html: `<svg class="key" width="26" height="14" viewBox="-13 -7 26 14"
    aria-hidden="true">${picture}</svg><span>${words}</span>`
  });
}

function drawLegend() {
  const legend = document.getElementById("phase-legend");
  const regions =
    [...new Set(study.panels.flatMap((panel) => panel.tiles.map((tile) => tile[4])))].sort();
  const line = (style) => `<line x1="-13" x2="13" y1="0" y2="0" ${style}/>`;
  for (const region of regions)
    legend.append(legendEntry(
      `<rect x="-13" y="-6.5" width="26" height="13" class="region-${region}"/>` +
        (region === hatched ?
           [-10, -3, 4].map((x) => `<path d="M${x},6l8,-12" class="hatch"/>`).join("") :
           ""),
      study.regions[region]));
  for (const k of measured())
    legend.append(legendEntry(
      `${line(`class="stroke-${k}"`)}<path d="${symbolPaths[k]}" class="fill-${k}"/>`,
      constantName(study.constants[k])));
  legend.append(legendEntry(line('class="two"'), "<i>c</i> = 2"));
  const any = study.shapes.some((shape) => shape.constants.some((s) => isBound(s.median)));
  if (any)
    legend.append(legendEntry(
      '<path d="M0,-7l4,5h-8z M-0.8,-3h1.6v6h-1.6z" class="plain"/>' +
        '<circle cy="4" r="2.6" class="hollow"/>',
      "only a bound: it lies further that way"));
}

// Whether some seed was not tried up to the largest c of the figure.
function hasBlanks() {
  return study.panels.some(({tiles}) => {
    const tops = new Map();
    for (const [left, , , high] of tiles) tops.set(left, Math.max(high, tops.get(left) ?? high));
    return [...tops.values()].some((top) => top < study.axes[3] - 1e-3);
  });
}

function addPhase() {
  const holder = document.getElementById("phase-panels");
  if (study.panels.length === 0) {
    holder.append(make("p", {class: "empty"}, "No network has finished."));
    return;
  }
  const seeds = networks.seed.texts.length;
  const quartiles = study.shapes.some((shape) => shape.constants.some((s) => s.lower[0] !== null));
  const explained = seeds === 1 ?
    "One seed. Curves: critical constants; bars: brackets." :
    `${seeds} seeds stand side by side in each column. Curves: medians over the seeds; thin bars: ` +
      `range of the brackets${quartiles ? "; thick bars: quartiles." : "."}`;
  document.getElementById("phase-lead").textContent = explained + (hasBlanks() ? " Blank: not tried." : "");
  drawLegend();
  for (const panel of study.panels) {
    const figure = make("figure");
    holder.append(figure);
    const entry =
      addFigure(figure, panel.title, panelHeight, () => panelContent(panel, entry.plot));
  }
}
