// SPDX-License-Identifier: MIT
// The critical constants against 1/w, d and d/w, and the table of their medians.

const settings =
  study.shapes.map((shape) => shape.swept)
    .filter((swept, k, all) => all.findIndex((other) => sameTexts(other, swept)) === k);
const settingText = (swept) => swept.map((text, k) => `${study.swept[k]} ${text}`).join(", ");
let chosenConstant = null;
let chosenSetting = null;

const constantNow = () => measured()[chosenConstant.index()] ?? 0;
const settingNow = () => settings[chosenSetting ? chosenSetting.index() : 0] ?? [];
const shapesNow = () => study.shapes.filter(
  (shape) => sameTexts(shape.swept, settingNow()) && shape.constants[constantNow()].seeds > 0);
const differing =
  (shapes, key) => [...new Set(shapes.map((shape) => shape[key]))].sort((a, b) => a - b);
const nothing = {
  empty: "No shape has a median to show."
};

// Names at the right ends of curves, moved apart where they would meet. ends: [{x, y, text,
// colour}]
function endLabels(ends, low, high, pixels) {
  const sorted = [...ends].sort((a, b) => a.y - b.y);
  let last = -Infinity;
  return sorted.map((end) => {
    const wanted = (end.y - low) / (high - low) * pixels;
    const place = Math.max(wanted, last + 13);
    last = place;
    return {
      x: end.x,
      y: end.y,
      xanchor: "left",
      xshift: 9,
      yshift: place - wanted,
      text: end.text,
      showarrow: false,
      font: {size: 11, color: css("--ink")}
    };
  });
}

// One curve for each value of `by` ("depth" or "width"), over the other.
function curves(by, along, place, axis) {
  const k = constantNow();
  const shapes = shapesNow().filter((shape) => shape.constants[k].median[0] !== null);
  if (shapes.length === 0) return nothing;
  const groups = differing(shapes, by);
  const heights =
    shapes
      .flatMap(
        (shape) => [shape.constants[k].low, shape.constants[k].high, shape.constants[k].median[0]])
      .filter((c) => c !== null)
      .map(log2);
  const low = Math.min(...heights, 1) - 0.3, high = Math.max(...heights) + 0.4;
  const places = differing(shapes, along).map(place);
  const wide = Math.max(...places) - Math.min(...places) || 1;
  const range = [Math.min(...places) - 0.06 * wide, Math.max(...places) + 0.06 * wide];
  const traces = [], ends = [], said = [];
  groups.forEach((value, g) => {
    const points = shapes.filter((shape) => shape[by] === value)
                     .sort((a, b) => place(a[along]) - place(b[along]))
                     .map((shape) => ({
                            x: place(shape[along]),
                            summary: shape.constants[k],
                            where: `depth ${shape.depth}, width ${shape.width}`
                          }));
    const colour = viridisAt(groups.length > 1 ? g / (groups.length - 1) : 0.5);
    traces.push(...medianTraces(points, {
      colour,
      symbol: constantSymbols[g % 4],
      name: study.constants[k],
      arrow: (high - low) * 0.06,
      aside: (g - (groups.length - 1) / 2) * wide * 0.008
    }));
    const last = points[points.length - 1];
    ends.push({
      x: last.x,
      y: log2(last.summary.median[0]),
      text: `${by === "depth" ? "d" : "w"} = ${value}`
    });
    said.push(spoken(`${by} ${value}`, points));
  });
  const tickvals = differing(shapes, along);
  const layout = {
    margin: {l: 52, r: 58, t: 8, b: 46},
    annotations: endLabels(ends, low, high, 300 - 54),
    xaxis: {
      range,
      tickvals: tickvals.map(place),
      ticktext: tickvals.map(String),
      title: {text: axis},
      showgrid: false
    },
    yaxis: {
      range: [low, high],
      ...ticksOfC(low, high, 7),
      title: {text: constantName(study.constants[k])}
    }
  };
  return {
    traces,
    layout,
    text: `${study.constants[k]} against ${along}. ${said.filter(Boolean).join("; ")}.`
  };
}

const fitNow = () =>
  study.fits.find((fit) => fit.constant === constantNow() && sameTexts(fit.swept, settingNow()));

function fitSentence(fit) {
  if (!fit) return "";
  const name = constantName(study.constants[fit.constant]);
  const out = fit.left_out === 0 ?
    "" :
    ` Left out: ${fit.left_out} of ${fit.left_out + fit.x.length} shapes, whose
    medians are only bounds${fit.slope === null ? "" : "; the slope may be off for want of them"}.`;
  if (fit.slope === null)
    return `There are not enough shapes for a line through log₂(${name}/2) against d/w.${out}`;
  const interval = fit.low === null ? "there are not enough shapes for an interval" :
                                      `95 % interval ${short(fit.low)} to ${short(fit.high)}`;
  return `log₂(${name}/2) ≈ ${short(fit.intercept)} + <b>${short(fit.slope)}</b> d/w (${
    interval}; r = ${short(fit.r)},
    ${fit.x.length} shapes).${out}`;
}

function fitContent() {
  const fit = fitNow();
  document.getElementById("fit-text").innerHTML = fitSentence(fit);
  if (!fit || fit.x.length === 0)
    return {empty: "Every median is only a bound: there is nothing to fit."};
  const name = study.constants[fit.constant];
  const depths = shapesNow().filter((shape) => shape.constants[fit.constant].median[0] !== null);
  const colour = constantColour(fit.constant);
  const traces = [];
  if (fit.low !== null)
    traces.push({
      type: "scatter",
      mode: "lines",
      line: {width: 0},
      fill: "toself",
      hoverinfo: "skip",
      fillcolor: css("--band"),
      x: [...fit.band.map((b) => b[0]), ...fit.band.map((b) => b[0]).reverse()],
      y: [...fit.band.map((b) => b[1] + b[2]), ...fit.band.map((b) => b[1] - b[2]).reverse()]
    });
  if (fit.slope !== null)
    traces.push({
      type: "scatter",
      mode: "lines",
      hoverinfo: "skip",
      line: {color: colour, width: 2},
      x: fit.band.map((b) => b[0]),
      y: fit.band.map((b) => b[1])
    });
  const groups = differing(depths, "depth");
  groups.forEach((depth, g) => {
    const points = depths.filter((shape) => shape.depth === depth)
                     .map((shape) => ({
                            x: shape.depth / shape.width,
                            summary: shape.constants[fit.constant],
                            where: `depth ${shape.depth}, width ${shape.width}`
                          }));
    traces.push(...medianTraces(points, {
                  colour: viridisAt(groups.length > 1 ? g / (groups.length - 1) : 0.5),
                  symbol: constantSymbols[g % 4],
                  name,
                  arrow: 0.3,
                  divide: 2
                }).filter((trace) => trace.mode !== "lines"));
  });
  const layout = {
    margin: {l: 52, r: 12, t: 8, b: 46},
    xaxis: {title: {text: "d/w"}, rangemode: "tozero", nticks: 6},
    yaxis: {title: {text: `log₂(${constantName(name)}/2)`}, nticks: 7}
  };
  return {
    traces,
    layout,
    text: `log2 of ${name}/2 against depth over width. ${plain(fitSentence(fit))}`
  };
}

function medianCell(summary) {
  if (summary.seeds === 0) return "–";
  const [value, bound] = summary.median;
  if (value === null) return "?";
  return `${bound}${short(value)} [${summary.low === null ? "" : short(summary.low)}, ${
    summary.high === null ? "" : short(summary.high)}]`;
}

function drawMedians() {
  const table = document.getElementById("medians");
  const heads = ["depth", "width", ...study.swept, "seeds"];
  const head = make(
    "tr", {}, ...heads.map((text) => make("th", {scope: "col"}, text)),
    ...study.constants.map((name) => make("th", {scope: "col", html: constantName(name)})));
  const rows = study.shapes.map(
    (shape) => make(
      "tr", {},
      ...
        [shape.depth, shape.width, ...shape.swept, Math.max(...shape.constants.map((s) => s.seeds)),
         ...shape.constants.map(medianCell)]
          .map((text) => make("td", {}, String(text)))));
  table.append(make("thead", {}, head), make("tbody", {}, ...rows));
}

function addConstants() {
  const redraw = () => parts.forEach((part) => part.draw());
  const controls = document.getElementById("constants-controls");
  chosenConstant =
    chooser("Constant", measured().map((k) => study.constants[k]), redraw, "constant");
  if (measured().length > 0) controls.append(chosenConstant.element);
  if (settings.length > 1) {
    chosenSetting = chooser("Setting", settings.map(settingText), redraw, "setting");
    controls.append(chosenSetting.element);
  }
  const figure = (id) => document.getElementById(id);
  const parts = [
    addFigure(
      figure("constants-width"), "Against 1/w, for each depth", 300,
      () => curves("depth", "width", (w) => -log2(w), "width (log 1/w)")),
    addFigure(
      figure("constants-depth"), "Against depth, for each width", 300,
      () => curves("width", "depth", log2, "depth (log)")),
    addFigure(
      figure("constants-fit"), "Against d/w, with a line and its 95 % interval", 300, fitContent)
  ];
  drawMedians();
}
