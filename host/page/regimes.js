// SPDX-License-Identifier: MIT
// λη of a long run over the logarithm of the step, with the regimes it went through. Spans are [regime,
// first, last, λη at first, λη at last, slope, median less the edge].

const mostRegimeRows = 60;  // of a table that somebody reads
const placeOfStep = (t) => (t === 0 ? 0.4 : t);
const signed = (x) => (x === null ? "" : `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(2)}`);
const regimeColour = (k) => css(`--regime-${k}`);
let chosenNetwork = null;

const networkText = (n) => [
  `depth ${networks.depth[n]}`, `width ${networks.width[n]}`,
  ...networks.swept.map((column, k) => `${study.swept[k]} ${column.texts[column.codes[n]]}`),
  `seed ${networks.seed.texts[networks.seed.codes[n]]}`, `c ${short(networks.c[n], 4)}`
].join(", ");

const spanText = ([, first, last, from, to, slope]) => `${first}–${last}:\n${from.toFixed(2)} to ${
  to.toFixed(2)}${slope === null ? "" : `, ${signed(slope)}`}`;

function spanTraces({spans}, [low, high]) {
  return spans.map(([regime, first, last, from, to, slope, fromEdge]) => {
    const [left, right] = [placeOfStep(first), last];
    return {
      type: "scatter",
      mode: "lines",
      fill: "toself",
      fillcolor: regimeColour(regime),
      line: {width: 0.6, color: css("--frame")},
      hoveron: "fills",
      hoverinfo: "text",
      text: `${study.regime_names[regime]}, steps ${first} to ${last}<br>λη ${short(from)} to ${
        short(to)}, median ${signed(fromEdge)} from the edge${
        slope === null ? "" : `<br>slope of ln λ ${signed(slope)} per decade`}`,
      x: [left, left, right, right, left],
      y: [low, high, high, low, low].map((y) => 10 ** y)
    };
  });
}

// Names where they have room in a plot of this many pixels, else their numbers.
function spanLabels({spans}, [left, right], top, pixels) {
  const perDecade = pixels / (right - left);
  return spans.map(([regime, first, last]) => {
    const [from, to] = [Math.log10(placeOfStep(first)), Math.log10(last)];
    const words = study.regime_names[regime].split(" ");
    const half = Math.ceil(words.length / 2);
    const lines = [words.slice(0, half).join(" "), words.slice(half).join(" ")];
    const room = (to - from) * perDecade > 6.4 * Math.max(...lines.map((line) => line.length)) + 6;
    return {
      x: (from + to) / 2,
      y: top,
      yanchor: "top",
      text: room ? `${regime + 1} ${lines.join("<br>")}` : `<b>${regime + 1}</b>`,
      showarrow: false,
      font: {size: 11, color: css("--label")}
    };
  });
}

function stepTicks(most) {
  const tickvals = [placeOfStep(0)], ticktext = ["0"];
  for (let t = 1; t <= most; t *= 10) {
    tickvals.push(t);
    ticktext.push(t < 1e6 ? String(t) : t.toExponential(0));
  }
  return {tickvals, ticktext};
}

function regimesContent(plot) {
  const network = study.regimes[chosenNetwork.index()], n = network.row;
  const eta = networks.learning_rate[n];
  const y = valuesOf(n, "sharpness").map((x) => (x === null ? null : x * eta));
  const known = y.filter((x) => x !== null);
  const logs = [...known, network.edge].map(Math.log10);
  const range = [Math.min(...logs) - 0.06, Math.max(...logs) + 0.02];
  range[1] += 0.2 * (range[1] - range[0]);  // room for the names
  const last = networks.steps.at(-1);
  const steps = [Math.log10(placeOfStep(0)), Math.log10(last)];
  const margin = {l: 62, r: 12, t: 8, b: 46};
  const ends = network.spans.flatMap(
    ([, first, to, from, at]) => [[placeOfStep(first), from], [to, at], [null, null]]);
  const line = {type: "scatter", mode: "lines", hoverinfo: "skip"};
  const traces = [
    ...spanTraces(network, range), {
      ...line,
      x: [placeOfStep(0), last],
      y: [network.edge, network.edge],
      line: {color: css("--ink"), width: 1.4, dash: "2px,3px"}
    },
    {
      type: "scatter",
      mode: "lines",
      connectgaps: true,
      x: networks.steps.map(placeOfStep),
      y,
      customdata: networks.steps,
      line: {color: css("--constant-0"), width: 1.6},
      hovertemplate: "step %{customdata}: λη %{y:.3g}<extra></extra>"
    },
    {
      ...line,
      mode: "lines+markers",
      cliponaxis: false,
      x: ends.map(([x]) => x),
      y: ends.map(([, at]) => at),
      line: {color: css("--ink"), width: 1, dash: "6px,3px"},
      marker: {symbol: "circle", size: 6, color: css("--page"), line: {color: css("--ink"), width: 1.3}}
    }
  ];
  return {
    traces,
    layout: {
      margin,
      annotations: spanLabels(network, steps, range[1] - 0.02, plot.clientWidth - margin.l - margin.r),
      xaxis: {type: "log", range: steps, title: {text: "step (log)"}, showgrid: false, ...stepTicks(last)},
      yaxis: {type: "log", range, title: {text: "λη"}, ...decadeTicks(range)}
    },
    text: `λη by step of ${networkText(n)}, edge ${short(network.edge)}. ${
      network.spans.map((span) => `${study.regime_names[span[0]]} ${spanText(span)}`).join("; ")}.`
  };
}

function drawRegimeTable() {
  const shown = study.regimes.slice(0, mostRegimeRows);
  const heads = [
    "depth", "width", ...study.swept, "seed", "c", "edge", ...study.regime_names, "last fifth"
  ];
  const rows = shown.map((network) => {
    const n = network.row, [low, median, high] = network.late;
    const cells = [
      networks.depth[n], networks.width[n], ...networks.swept.map((s) => s.texts[s.codes[n]]),
      networks.seed.texts[networks.seed.codes[n]], short(networks.c[n], 4), short(network.edge),
      ...study.regime_names.map((_, k) => {
        const span = network.spans.find((one) => one[0] === k);
        return span ? spanText(span) : "–";
      }),
      `${short(median)}\n${intervalText([low, high])}`
    ];
    return make("tr", {}, ...cells.map(cell));
  });
  document.getElementById("regimes-table")
    .append(
      make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", {scope: "col"}, text)))),
      make("tbody", {}, ...rows));
  const rest = study.regimes.length - shown.length;
  if (rest > 0)
    document.getElementById("regimes-note")
      .append(` And ${rest} more networks: sharpgrid analyse --json has all.`);
}

function addRegimes() {
  if (study.no_regimes !== "") {
    document.getElementById("regimes-lead").textContent = study.no_regimes;
    document.getElementById("regimes-parts").remove();
    return;
  }
  const draw = () => entry.draw();
  chosenNetwork =
    chooser("Network", study.regimes.map(({row}) => networkText(row)), draw, "network");
  // It opens with the network that went through most of them.
  const most = Math.max(...study.regimes.map(({spans}) => spans.length));
  chosenNetwork.set(study.regimes.findIndex(({spans}) => spans.length === most));
  document.getElementById("regimes-controls").append(chosenNetwork.element);
  study.regime_names.forEach((name, k) => {
    const box = `<rect x="-13" y="-6.5" width="26" height="13" class="regime-${k}"/>`;
    document.getElementById("regimes-legend")
      .append(legendEntry(`${box}<text y="4.5" class="place">${k + 1}</text>`, name));
  });
  const edge = '<line x1="-13" x2="13" y1="0" y2="0" class="two"/>';
  document.getElementById("regimes-legend").append(legendEntry(edge, "edge: 2(1 + momentum)"));
  const entry = addFigure(
    document.getElementById("regimes-figure"), "Learning rate times sharpness, λη", 380,
    () => regimesContent(entry.plot));
  drawRegimeTable();
}
