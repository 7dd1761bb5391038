// SPDX-License-Identifier: MIT
// What the networks of one shape and seed did, step by step: one line for each c.

const groupKey = (depth, width, seed, swept) => [depth, width, seed, ...swept].join("|");
// The networks of each (depth, width, seed, swept keys), ascending in c.
const groups = (() => {
  const found = new Map();
  for (let n = 0; n < networks.count; ++n) {
    const key = groupKey(
      networks.depth[n], networks.width[n], networks.seed.codes[n],
      networks.swept.map((s) => s.codes[n]));
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(n);
  }
  for (const members of found.values()) members.sort((a, b) => networks.c[a] - networks.c[b]);
  return found;
})();
const [leastC, mostC] = networks.c.reduce(
  ([least, most], c) => [Math.min(least, c), Math.max(most, c)], [Infinity, -Infinity]);
const partOfC = (c) => (mostC > leastC ? log2(c / leastC) / log2(mostC / leastC) : 0.5);
const choices = {};
// How far above its start a value is shown at first: what diverges would flatten the rest.
const ceiling = {
  sharpness: 30,
  loss: 30
};

function membersNow() {
  const depth = choices.depths[choices.depth.index()],
        width = choices.widths[choices.width.index()];
  return groups.get(groupKey(
           depth, width, choices.seed.index(), choices.swept.map((choice) => choice.index()))) ??
    [];
}
const highlightNow = (members) => members[choices.c.index() - 1];

function valuesOf(n, quantity) {
  const length = networks.steps.length;
  return Array.from(
    networks[quantity].subarray(n * length, (n + 1) * length),
    (x) => (Number.isFinite(x) && x > 0 ? x : null));
}

// The axis ends at the ceiling unless everything is asked for.
function rangeOf(all, firsts, quantity) {
  const known = all.filter((x) => x !== null);
  const first = Math.max(...firsts.filter((x) => x !== null));
  const low = Math.min(...known);
  let high = Math.max(...known);
  const cut = !choices.whole.checked && high > ceiling[quantity] * first;
  if (cut) high = ceiling[quantity] * first;
  const space = 0.05 * Math.log10(high / low) || 0.1;
  return {range: [Math.log10(low) - space, Math.log10(high) + space], cut};
}

const colourBar = () => ({
  type: "scatter",
  mode: "markers",
  x: [null],
  y: [null],
  hoverinfo: "skip",
  marker: {
    color: [0],
    cmin: log2(leastC),
    cmax: Math.max(log2(mostC), log2(leastC) + 1e-6),
    colorscale: viridisScale(),
    showscale: true,
    colorbar: {
      title: {text: "<i>c</i>", side: "top"},
      thickness: 12,
      len: 1,
      outlinewidth: 0,
      ...ticksOfC(log2(leastC), log2(mostC), 8)
    }
  }
});

function linesOf(members, quantity) {
  const chosen = highlightNow(members);
  return members.map((n) => {
    const values = valuesOf(n, quantity);
    return {
      type: "scatter",
      mode: values.filter((x) => x !== null).length > 1 ? "lines" : "markers",
      x: networks.steps,
      y: values,
      opacity: chosen === undefined || chosen === n ? 1 : 0.15,
      connectgaps: true,
      line: {color: viridisAt(partOfC(networks.c[n])), width: chosen === n ? 3 : 1.6},
      marker: {color: viridisAt(partOfC(networks.c[n])), size: 5},
      hovertemplate: `<i>c</i> = ${short(networks.c[n])}<br>step %{x}: %{y:.4g}<extra></extra>`
    };
  });
}

// Powers of ten; 2 and 5 times them too where there are few.
function decadeTicks([low, high]) {
  const times = high - low < 2.5 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((high - low) / 7));
  const tickvals = [];
  for (let k = Math.floor(low); k <= high; k += every)
    tickvals.push(...times.map((factor) => factor * 10 ** k));
  return {
    tickvals,
    ticktext: tickvals.map((x) => (x >= 1e5 || x < 1e-4 ? x.toExponential(0) : short(x)))
  };
}

// 2/η, as far as it lies on the axis.
function thresholds(members, range) {
  const chosen = highlightNow(members);
  return members.filter((n) => chosen === undefined || n === chosen)
    .map((n) => ({n, y: 2 / networks.learning_rate[n]}))
    .filter(({y}) => Math.log10(y) > range[0] && Math.log10(y) < range[1])
    .map(({n, y}) => ({
           type: "scatter",
           mode: "lines",
           x: [networks.steps[0], networks.steps.at(-1)],
           y: [y, y],
           opacity: chosen === undefined ? 0.55 : 1,
           line: {
             color: viridisAt(partOfC(networks.c[n])),
             width: chosen === undefined ? 0.8 : 1.6,
             dash: "5px,4px"
           },
           hovertemplate: `2/η of <i>c</i> = ${short(networks.c[n])}: %{y:.4g}<extra></extra>`
         }));
}

function trajectoryContent(quantity) {
  const members = membersNow();
  const lines = linesOf(members, quantity);
  const all = lines.flatMap((line) => line.y);
  if (!all.some((x) => x !== null))
    return {
      empty: members.length === 0 ? "No such network in this study." :
                                    `No ${quantity} was recorded.`
    };
  const {range, cut} = rangeOf(all, lines.map((line) => line.y[0]), quantity);
  const sharpness = quantity === "sharpness";
  const traces =
    sharpness && choices.lines.checked ? [...thresholds(members, range), ...lines] : lines;
  if (!sharpness) traces.push(colourBar());
  const layout = {
    margin: {l: 62, r: sharpness ? 12 : 70, t: 8, b: 46},
    dragmode: "zoom",
    xaxis: {
      title: {text: "step"},
      fixedrange: false,
      showgrid: false,
      range: [networks.steps[0], Math.max(1, networks.steps.at(-1))]
    },
    yaxis: {
      type: "log",
      range,
      fixedrange: false,
      title: {text: sharpness ? "sharpness λ" : "loss"},
      ...decadeTicks(range)
    }
  };
  const c = members.map((n) => networks.c[n]);
  return {
    traces,
    layout,
    text: `${sharpness ? "Sharpness" : "Loss"} by step for ${members.length} networks, c from ${
      short(Math.min(...c))} to
    ${short(Math.max(...c))}${cut ? "; the axis ends before the largest values" : ""}.`
  };
}

function trajectoryNote() {
  const members = membersNow();
  const count = (status) =>
    members.filter((n) => study.statuses[networks.status[n]] === status).length;
  const parts = [`${members.length} network${members.length === 1 ? "" : "s"}`];
  for (const status of ["diverged", "collapsed"])
    if (count(status) > 0) parts.push(`${count(status)} ${status}`);
  let text = parts.join(", ") + ".";
  if (members.length > 0) text += ` λ₀ = ${short(networks.sharpness_0[members[0]], 4)}.`;
  if (!choices.whole.checked) text += ` The axes end at ${ceiling.loss} times the start at most.`;
  const shown = networks.steps.length;
  if (shown <= study.steps)
    text += ` ${shown} of ${
      study.steps + 1} steps are in this page, the first ones and ever fewer later.`;
  document.getElementById("trajectories-note").textContent = text;
}

function listC() {
  const kept = choices.c.select.selectedOptions[0]?.textContent;
  const texts = ["all", ...membersNow().map((n) => short(networks.c[n], 4))];
  choices.c.select.replaceChildren(...texts.map((text, k) => make("option", {value: k}, text)));
  choices.c.set(Math.max(0, texts.indexOf(kept)));
}

function drawTrajectories() {
  listC();
  trajectoryParts.forEach((part) => part.draw());
  trajectoryNote();
}

// Shows one network among those of its shape and seed.
function showNetwork(n) {
  choices.depth.set(choices.depths.indexOf(networks.depth[n]));
  choices.width.set(choices.widths.indexOf(networks.width[n]));
  choices.seed.set(networks.seed.codes[n]);
  choices.swept.forEach((choice, k) => choice.set(networks.swept[k].codes[n]));
  listC();
  choices.c.set(membersNow().indexOf(n) + 1);
  drawTrajectories();
  document.getElementById("trajectories").scrollIntoView();
  choices.c.select.focus({preventScroll: true});
}

const trajectoryParts = [];

function checkbox(label, checked, id) {
  const box = make("input", {type: "checkbox", id, onchange: drawTrajectories});
  box.checked = checked;
  document.getElementById("trajectories-controls").append(make("label", {}, box, " " + label));
  return box;
}

function addTrajectories() {
  const controls = document.getElementById("trajectories-controls");
  choices.depths = [...new Set(networks.depth)].sort((a, b) => a - b);
  choices.widths = [...new Set(networks.width)].sort((a, b) => a - b);
  const choice = (label, texts, id) => {
    const made = chooser(label, texts, drawTrajectories, id);
    if (texts.length > 1 || label === "Highlight c") controls.append(made.element);
    return made;
  };
  choices.depth = choice("Depth", choices.depths.map(String), "depth");
  choices.width = choice("Width", choices.widths.map(String), "width");
  choices.swept =
    networks.swept.map((column, k) => choice(study.swept[k], column.texts, `swept-${k}`));
  choices.seed = choice("Seed", networks.seed.texts, "seed");
  choices.c = choice("Highlight c", ["all"], "highlight");
  choices.lines = checkbox("2/η", true, "thresholds");
  choices.whole = checkbox("Whole range", false, "whole");
  trajectoryParts.push(
    addFigure(
      document.getElementById("trajectories-sharpness"), "Sharpness", 340,
      () => trajectoryContent("sharpness")),
    addFigure(
      document.getElementById("trajectories-loss"), "Loss on the measurement examples", 340,
      () => trajectoryContent("loss")));
  listC();
  trajectoryNote();
}
