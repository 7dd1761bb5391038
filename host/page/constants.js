// SPDX-License-Identifier: MIT
// The critical constants against 1/w and d, and the table of their medians.

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
        ({constants: {[k]: s}}) => [s.low, s.high, s.median[0], ...s.interval])
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
    const aside = (g - (groups.length - 1) / 2) * wide * 0.008;
    const colour = viridisAt(groups.length > 1 ? g / (groups.length - 1) : 0.5);
    traces.push(...medianTraces(points, {
      colour,
      symbol: constantSymbols[g % 4],
      name: study.constants[k],
      arrow: (high - low) * 0.06,
      aside
    }));
    const last = points[points.length - 1];
    ends.push({
      x: last.x + aside,
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

// "14 found, 2 above range"
const statusText = ({statuses}) => statuses.map((count, k) => [count, study.bracket_statuses[k]])
                                     .filter(([count]) => count > 0)
                                     .map(([count, name]) => `${count} ${name}`)
                                     .join(", ");

// One row for each shape and constant that was measured.
function drawMedians() {
  const heads = [
    "depth", "width", ...study.swept, "constant", "seeds", "lower quartile", "median",
    "upper quartile", "95 % interval", "mean", "brackets", "collapsed"
  ];
  const rows = study.shapes.flatMap(
    (shape) => shape.constants.map((summary, k) => ({summary, k}))
                 .filter(({summary}) => summary.seeds > 0)
                 .map(({summary, k}) => make(
                        "tr", {}, ...[shape.depth, shape.width, ...shape.swept].map(cell),
                        make("td", {class: "word", html: constantName(study.constants[k])}),
                        ...medianCells(summary).map(cell),
                        make("td", {class: "word"}, statusText(summary)),
                        cell(summary.on_collapsed || "–"))));
  const word = (text) => ["constant", "brackets"].includes(text) ? "word" : "number";
  const head = heads.map((text) => make("th", {scope: "col", class: word(text)}, text));
  document.getElementById("medians").append(
    make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

// As `sharpgrid analyse` writes it.
function bracketText([low, high, status, collapsed]) {
  const name = study.bracket_statuses[status], flag = collapsed ? "!" : "";
  const both = `[${sideText(low)}, ${sideText(high)}]${flag}`;
  const texts = {
    "found": both,
    "not monotone": `~${both}`,
    "below range": `<${short(high)}${flag}`,
    "above range": `>${short(low)}${flag}`,
    "none below c_max": low === null ? "none" : `none >${short(low)}${flag}`
  };
  return texts[name] ?? "–";
}

const mostSeedRows = 500;  // of a table that somebody reads

function drawSeeds() {
  const texts = (list) => list.map((text) => make("th", {scope: "col"}, text));
  const head = [
    ...texts(["depth", "width", ...study.swept, "seed", "λ₀"]),
    ...study.constants.map((name) => make("th", {scope: "col", html: constantName(name)})),
    ...texts(["networks", "collapsed", "diverged"])
  ];
  const rows = study.points.slice(0, mostSeedRows)
                 .map(([depth, width, seed, swept, lambda, counts, brackets]) => [
                   depth, width, ...swept, seed, short(lambda, 4), ...brackets.map(bracketText), ...counts
                 ]);
  document.getElementById("seeds").replaceChildren(
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell)))));
  const rest = study.points.length - rows.length;
  if (rest > 0)
    document.getElementById("seeds-note").textContent =
      `And ${rest} more seeds: sharpgrid analyse --csv has all.`;
}

const cell = (text) => make("td", {}, String(text));

function medianCells(s) {
  const quartile = (q) => (s.seeds < 3 ? "–" : quantileText(q));
  const range = s.bootstrapped ? intervalText(s.interval) : `range ${intervalText(s.interval)}`;
  return [
    s.seeds, quartile(s.lower), quantileText(s.median), quartile(s.upper), range,
    s.mean === null ? "–" : short(s.mean)
  ];
}

// How the bars are to be read, and what a bound looks like.
function drawBarLegend() {
  const line = '<line x1="0" x2="0" y1="-7" y2="7" class="bar"/>';
  const caps = '<path d="M-4,-6.5h8M-4,6.5h8" class="bar"/>';
  const some = study.shapes.flatMap((s) => s.constants).filter((s) => s.seeds > 0);
  const interval = some.every((s) => s.bootstrapped) ? "95 % interval of the median" :
    some.some((s) => s.bootstrapped) ? "95 % interval of the median (of fewer than 5 seeds their range)" :
                                       "range of the seeds (fewer than 5)";
  const entries = [[line + caps, some.every((s) => s.seeds < 2) ? "bracket of the one seed" : interval]];
  if (some.some((s) => s.lower[0] !== null))
    entries.push(['<line x1="0" x2="0" y1="-6" y2="6" class="thick"/>', "quartiles"]);
  if (some.some((s) => isBound(s.median)))
    entries.push([
      '<path d="M0,-7l4,5h-8z M-0.8,-3h1.6v6h-1.6z" class="plain"/><circle cy="4" r="2.6" class="hollow"/>',
      "median that is only a bound: it lies further that way"
    ]);
  if (some.some((s) => isBound(s.lower) || isBound(s.upper)))
    entries.push(['<path d="M0,-5l5,9h-10z" class="hollow"/>', "quartile that is only a bound"]);
  if (some.some((s) => s.seeds > 1 && s.interval.includes(null)))
    entries.push(
      [line + '<path d="M0,-7l4,5h-8z" class="plain"/>', "interval that is open on that side"]);
  document.getElementById("constants-legend")
    .append(...entries.map(([picture, words]) => legendEntry(picture, words)));
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
    addFigure(figure("constants-fit"), "Against d/w", 300, openingContent)
  ];
  drawBarLegend();
  document.getElementById("seeds-details").addEventListener("toggle", drawSeeds, {once: true});
  drawMedians();
}
