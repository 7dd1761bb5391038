// SPDX-License-Identifier: MIT
// log2(c/2) against d/w, with the line of host/opening.hpp. That of c_loss is how far the
// sharpness-reduction phase is open.

const openingNow = () => study.openings.find(
  (one) => one.constant === constantNow() && sameTexts(one.swept, settingNow()));

// "Left out ...": medians that are only bounds, and what the line gives there.
function leftOutText({left_out}) {
  if (left_out.length === 0) return "";
  const shapes = left_out.map(([depth, width, value, bound, other, onLine]) => {
    const line = onLine === null ? "" : `, the line gives ${short(onLine)}`;
    return `d ${depth}, w ${width}: ${quantileText([value, bound, other])}${line}`;
  });
  return ` Left out, because the median is only a bound: ${shapes.join("; ")}.`;
}

function openingSentence(opening) {
  const name = constantName(study.constants[constantNow()]);
  if (!opening) return `A line of log₂(${name}/2) against d/w needs three shapes.`;
  if (opening.slope === null)
    return `There is no line of log₂(${name}/2) against d/w: ${opening.fitted.length} of the medians
      are no bounds.${leftOutText(opening)}`;
  const words = ([low, high]) => `${short(low)} to ${short(high)}`;
  const interval = opening.slope_interval[0] === null ?
    "no intervals from fewer than 5 seeds" :
    `95 % over the seeds: slope ${words(opening.slope_interval)}, intercept ${
      words(opening.intercept_interval)}`;
  return `log₂(${name}/2) = ${short(opening.intercept)} + <b>${short(opening.slope)}</b> d/w over ${
    opening.fitted.length} shapes; rank correlation ${short(opening.rank_correlation, 2)}; ${
    interval}.${leftOutText(opening)}`;
}

// Of the shapes of one depth. A median that stands in the line stands where the line has it.
function openingPoints(opening, shapes) {
  return shapes.map((shape) => {
    const summary = shape.constants[opening.constant];
    const fitted =
      opening.fitted.find(([depth, width]) => depth === shape.depth && width === shape.width);
    return {
      x: shape.depth / shape.width,
      summary: fitted ? {...summary, median: [2 * 2 ** fitted[2], "", null]} : summary,
      where: `depth ${shape.depth}, width ${shape.width}`
    };
  });
}

function lineTraces({band, slope, slope_interval: interval, constant}) {
  if (slope === null) return [];
  const x = band.map((b) => b[0]);
  const scatter = {type: "scatter", mode: "lines", hoverinfo: "skip"};
  const line = {
    ...scatter,
    line: {color: constantColour(constant), width: 2},
    x,
    y: band.map((b) => b[1])
  };
  if (interval[0] === null) return [line];
  return [
    {
      ...scatter,
      line: {width: 0},
      fill: "toself",
      fillcolor: css("--band"),
      x: [...x, ...[...x].reverse()],
      y: [...band.map((b) => b[2]), ...band.map((b) => b[3]).reverse()]
    },
    line
  ];
}

function openingContent() {
  const opening = openingNow();
  const sentence = openingSentence(opening);
  document.getElementById("fit-text").innerHTML = sentence;
  const shapes = opening ?
    shapesNow().filter((shape) => shape.constants[opening.constant].median[0] !== null) :
    [];
  const name = study.constants[constantNow()];
  const caption = name === "c_loss" ?
    "Opening of sharpness reduction, against d/w" :
    `${constantName(name)} against d/w`;
  if (shapes.length === 0)
    return {
      caption,
      empty: opening ? "No shape has a median to show." : "A line needs three shapes."
    };
  const depths = differing(shapes, "depth");
  const traces = lineTraces(opening);
  const heights = [];
  const wide = Math.max(...shapes.map((shape) => shape.depth / shape.width));
  depths.forEach((depth, g) => {
    const points = openingPoints(opening, shapes.filter((shape) => shape.depth === depth));
    heights.push(...points.flatMap(({summary}) => [summary.median[0], ...summary.interval]));
    traces.push(...medianTraces(points, {
      colour: viridisAt(depths.length > 1 ? g / (depths.length - 1) : 0.5),
      symbol: constantSymbols[g % 4],
      name,
      arrow: 0.3,
      divide: 2,
      aside: (g - (depths.length - 1) / 2) * wide * 0.012,
      joined: false
    }));
  });
  const known = [...heights.filter((c) => c !== null).map((c) => log2(c / 2)),
                 ...opening.band.flatMap((b) => b.slice(1)).filter((y) => y !== null)];
  return {
    caption,
    traces,
    layout: {
      margin: {l: 52, r: 12, t: 8, b: 46},
      xaxis: {title: {text: "d/w"}, rangemode: "tozero", nticks: 6},
      yaxis: {
        title: {text: `log₂(${constantName(name)}/2)`},
        range: [Math.min(...known) - 0.3, Math.max(...known) + 0.5],
        nticks: 7
      }
    },
    text: `log2 of ${name}/2 against depth over width. ${plain(sentence)}`
  };
}
