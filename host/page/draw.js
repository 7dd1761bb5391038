// SPDX-License-Identifier: MIT
// What all figures share: the data, colours, and how a figure is drawn.
// The data (host/report_data.cpp): quantiles are [value, bound, other] with bound "", ">" or "<", and
// with ">" perhaps the other side; intervals are [low, high], null where they are open; tiles and
// labels are [left, right, low, high, region] in log2 of 1/w and c; columns of networks are base64 of
// Float32, Int32 or bytes.
"use strict";

const study = JSON.parse(document.getElementById("data").textContent);

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; ++k) bytes[k] = text.charCodeAt(k);
  return bytes;
}
const floatsOf = (base64) => new Float32Array(bytesOf(base64).buffer);
const integersOf = (base64) => new Int32Array(bytesOf(base64).buffer);

// Typed columns, one entry for each network.
const networks = (() => {
  const n = study.networks;
  const coded = (column) => ({texts: column.texts, codes: integersOf(column.codes)});
  const columns = {
    count: n.count,
    steps: n.kept_steps,
    seed: coded(n.seed),
    swept: n.swept.map(coded),
    region: bytesOf(n.region)
  };
  for (const name of ["depth", "width", "status", "diverged_step"])
    columns[name] = integersOf(n[name]);
  for (const name of
         ["c", "learning_rate", "sharpness_0", "loss_rise", "sharpness_rise", "accuracy", "loss",
          "sharpness"])
    columns[name] = floatsOf(n[name]);
  return columns;
})();

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const log2 = Math.log2;
const short = (x, digits = 3) => {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  return size !== 0 && (size >= 1e5 || size < 1e-3) ? x.toExponential(digits - 1) :
                                                      String(Number(x.toPrecision(digits)));
};
// c_loss as HTML.
const constantName = (name) => `<i>c</i><sub>${name.slice(2)}</sub>`;
const isBound = (quantile) => quantile[1] !== "";
const sameTexts = (a, b) => a.length === b.length && a.every((text, k) => text === b[k]);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html")
      element.innerHTML = value;
    else if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value);
    else
      element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A labelled list of choices; calls changed() when another one is taken.
function chooser(label, texts, changed, id) {
  const select = make("select", {id});
  texts.forEach((text, k) => select.append(make("option", {value: k}, text)));
  select.addEventListener("change", changed);
  return {
    select,
    element: make("label", {}, label + " ", select),
    index: () => Number(select.value),
    set: (k) => {
      select.value = k;
    }
  };
}

// Viridis, every tenth of it. Its dark end is left out on dark ground, its light end on light.
const viridis = [
  "440154", "482475", "414487", "355f8d", "2a788e", "21918c", "22a884", "44bf70", "7ad151",
  "bddf26", "fde725"
].map((hex) => [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16)));

function viridisAt(part) {
  const [from, to] = isDark() ? [0.25, 1] : [0, 0.88];
  const place = (from + (to - from) * Math.min(1, Math.max(0, part))) * (viridis.length - 1);
  const below = Math.min(viridis.length - 2, Math.floor(place));
  const mixed =
    viridis[below].map((x, k) => Math.round(x + (place - below) * (viridis[below + 1][k] - x)));
  return `rgb(${mixed.join(",")})`;
}
const viridisScale = () => Array.from({length: 11}, (_, k) => [k / 10, viridisAt(k / 10)]);

const isDark = () => document.documentElement.dataset.theme === "dark";

// A layout with what every figure has; `more` goes over it.
function layoutOf(more) {
  const axis = {
    color: css("--ink"),
    gridcolor: css("--grid"),
    linecolor: css("--frame"),
    mirror: true,
    showline: true,
    ticks: "outside",
    ticklen: 4,
    tickcolor: css("--frame"),
    zeroline: false,
    fixedrange: true,
    title: {standoff: 6}
  };
  const {xaxis, yaxis, ...rest} = more;
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    hovermode: "closest",
    dragmode: false,
    margin: {l: 56, r: 12, t: 10, b: 48},
    font: {family: css("--font"), size: 12, color: css("--ink")},
    hoverlabel: {
      bgcolor: css("--raised"),
      bordercolor: css("--frame"),
      font: {color: css("--ink"), size: 12}
    },
    xaxis: {...axis, ...xaxis, title: {...axis.title, ...xaxis.title}},
    yaxis: {...axis, ...yaxis, title: {...axis.title, ...yaxis.title}},
    ...rest
  };
}

// Ticks at powers of two of c, over at most `most` of them.
function ticksOfC(low, high, most = 9) {
  const every = Math.max(1, Math.ceil((high - low) / most));
  const tickvals = [];
  for (let k = Math.ceil(low); k <= high; k += every) tickvals.push(k);
  return {tickvals, ticktext: tickvals.map((k) => short(2 ** k, 4))};
}

const figures = [];

// A figure whose text stands for it where it cannot be seen. content(): {traces, layout, text},
// or {empty} with a sentence where there is nothing to draw.
function addFigure(figure, caption, height, content) {
  const plot = make("div", {class: "plot", role: "img", style: `height:${height}px`});
  const captionElement = make("figcaption", {html: caption});
  figure.append(captionElement, plot);
  const entry = {
    plot,
    draw() {
      const drawing = content();
      if (drawing.caption) captionElement.innerHTML = drawing.caption;
      if (drawing.empty) {
        Plotly.purge(plot);
        plot.replaceChildren(make("p", {class: "empty"}, drawing.empty));
        plot.removeAttribute("aria-label");
        plot.setAttribute("role", "note");
        return;
      }
      if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", drawing.text);
      Plotly.react(
        plot, drawing.traces, layoutOf({height, ...drawing.layout}),
        {displayModeBar: false, responsive: true, showTips: false});
    }
  };
  figures.push(entry);
  return entry;
}

const plain = (html) => html.replace(/<[^>]*>/g, "");
