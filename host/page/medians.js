// SPDX-License-Identifier: MIT
// Medians over seeds: how a figure draws them, and the words for them.

// What the thin bars show: the range of the seeds' brackets, or the interval of the median, which may
// be open. With one seed they are the same.
const bracketBar = (s) => ({low: s.low, high: s.high, open: false});
const intervalBar = (s) =>
  (s.seeds > 1 ? {low: s.interval[0], high: s.interval[1], open: true} : bracketBar(s));
const wayOf = (quantile) => ({"": 0, ">": 1, "<": -1})[quantile[1]];

// Places of one median and its bar. y is log2 of `divide` less than c.
function placesOf(p, {aside, divide, bar}) {
  const s = p.summary, median = s.median[0];
  const {low, high, open} = bar(s);
  const height = (c) => log2(c / divide);
  return {
    ...p,
    x: p.x + aside,
    y: height(median),
    way: wayOf(s.median),
    // What is open goes on beyond all that is known of the seeds.
    low: height(low ?? Math.min(s.low ?? median, median)),
    high: height(high ?? Math.max(s.high ?? median, median)),
    openLow: open && low === null,
    openHigh: open && high === null,
    quartiles: [s.lower, s.upper].filter((q) => q[0] !== null)
                 .map((q) => ({y: height(q[0]), way: wayOf(q), same: q[0] === median}))
  };
}

// [x, from, way] of an arrow: from a median that is a bound, and along a bar that is open.
function arrowsOf(p) {
  const arrows = p.way === 0 ? [] : [[p.x, p.y, p.y, p.way]];
  if (p.openLow && p.way !== -1) arrows.push([p.x, p.y, p.low, -1]);
  if (p.openHigh && p.way !== 1) arrows.push([p.x, p.y, p.high, 1]);
  return arrows;
}

function arrowTrace(known, colour, length) {
  const arrows = known.flatMap(arrowsOf);
  return {
    type: "scatter",
    mode: "lines+markers",
    hoverinfo: "skip",
    cliponaxis: false,
    x: arrows.flatMap(([x]) => [x, x, null]),
    y: arrows.flatMap(([, from, end, way]) => [from, end + way * length, null]),
    line: {color: colour, width: 1.3},
    marker: {
      color: colour,
      opacity: 1,
      size: arrows.flatMap(() => [0, 8, 0]),
      symbol: arrows.flatMap(([, , , way]) => Array(3).fill(way > 0 ? "triangle-up" : "triangle-down")),
      line: {width: 0}
    }
  };
}

// Quartiles that are bounds, where the median does not say it already.
function openQuartiles(known, colour) {
  const bounds = known.flatMap(
    (p) => p.quartiles.filter((q) => q.way !== 0 && !(q.same && p.way === q.way))
             .map((q) => ({x: p.x, ...q})));
  return {
    type: "scatter",
    mode: "markers",
    hoverinfo: "skip",
    cliponaxis: false,
    x: bounds.map((q) => q.x),
    y: bounds.map((q) => q.y),
    marker: {
      size: 8,
      color: css("--page"),
      symbol: bounds.map((q) => (q.way > 0 ? "triangle-up" : "triangle-down")),
      line: {color: colour, width: 1.3}
    }
  };
}

// The medians, their bars, quartiles, and arrows where something is only a bound. points: [{x,
// summary, where}] in the order of the curve.
function medianTraces(points, options) {
  const {colour, symbol, name, arrow, joined} = {joined: true, ...options};
  const places = {aside: 0, divide: 1, bar: intervalBar, ...options};
  const known = points.filter((p) => p.summary.median[0] !== null).map((p) => placesOf(p, places));
  const line = (pairs, style) => ({
    type: "scatter",
    mode: "lines",
    hoverinfo: "skip",
    x: pairs.flatMap((pair) => [...pair.map((p) => p.x), null]),
    y: pairs.flatMap((pair) => [...pair.map((p) => p.y), null]),
    line: {color: colour, width: 2, ...style}
  });
  const segments = (dashed) => known.slice(joined ? 1 : known.length)
                                 .map((p, k) => [known[k], p])
                                 .filter((pair) => pair.some((p) => p.way !== 0) === dashed);
  const quartiles = known.filter((p) => p.quartiles.length === 2)
                      .map((p) => p.quartiles.map((q) => ({x: p.x, y: q.y})));
  const traces = [
    line(segments(false), {}), line(segments(true), {dash: "4px,4px"}), line(quartiles, {width: 5}),
    arrowTrace(known, colour, arrow), openQuartiles(known, colour), {
      type: "scatter",
      mode: "markers",
      x: known.map((p) => p.x),
      y: known.map((p) => p.y),
      cliponaxis: false,
      error_y: {
        type: "data",
        symmetric: false,
        array: known.map((p) => (p.openHigh ? 0 : Math.max(0, p.high - p.y))),
        arrayminus: known.map((p) => (p.openLow ? 0 : Math.max(0, p.y - p.low))),
        color: colour,
        thickness: 1.2,
        width: 3
      },
      marker: {
        symbol,
        size: 9,
        color: known.map((p) => (p.way !== 0 ? css("--page") : colour)),
        line: {width: 1.5, color: known.map((p) => (p.way !== 0 ? colour : css("--page")))}
      },
      text: known.map((p) => summaryText(name, p)),
      hovertemplate: "%{text}<extra></extra>"
    }
  ];
  return traces.filter((trace) => trace.x.length > 0);
}

// As `sharpgrid analyse` writes them: 5.66, >64, 4-8 (known no better), ? (bounded from neither side).
function quantileText([value, bound, other]) {
  if (value === null) return "?";
  return other !== null ? `${short(value)}-${short(other)}` : `${bound}${short(value)}`;
}
const sideText = (x) => (x === null ? "" : short(x));
const intervalText = ([low, high]) => `[${sideText(low)}, ${sideText(high)}]`;

function summaryText(name, {summary, where}) {
  const quartiles = summary.lower[0] === null && summary.upper[0] === null ?
    "" :
    `<br>quartiles ${quantileText(summary.lower)} and ${quantileText(summary.upper)}`;
  const kind = summary.bootstrapped ? "95 % interval" : "range";
  return `${constantName(name)} ${quantileText(summary.median)}, ${kind} ${
    intervalText(summary.interval)}${quartiles}<br>${where}, ${summary.seeds} seed${
    summary.seeds === 1 ? "" : "s"}`;
}

// "c_loss: 3.7 at width 128, above 8 at width 64"
function spoken(name, points) {
  const said = points.filter((p) => p.summary.median[0] !== null)
                 .map(
                   (p) => `${{"": "", ">": "above ", "<": "below "}[p.summary.median[1]]}${
                     short(p.summary.median[0])} at ${p.where}`);
  return said.length ? `${name}: ${said.join(", ")}` : "";
}
