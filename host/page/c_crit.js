// SPDX-License-Identifier: MIT
// c_crit: y(c), how much of the sharpness is left at step S/c, and its second derivative.

let chosenCrit = null;
const bent = study.c_crit.filter((one) => study.crit_statuses[one.status] !== "too few c");

function critSentence(one) {
  const c = '<i>c</i><sub>crit</sub>';
  const seeds = `${one.seeds} seed${one.seeds === 1 ? "" : "s"}`;
  const used = `${one.c.length} values of <i>c</i>${
    one.left_out ? `, ${one.left_out} left out where a seed has none` : ""}`;
  if (one.c_crit === null) return `y does not bend down: there is no ${c} (${seeds}, ${used}).`;
  const words = `${short(one.interval[0])} to ${short(one.interval[1])}`;
  const interval = one.interval[0] === null ? "no interval from one seed" :
    one.bootstrapped                        ? `95 % over the seeds: ${words}` :
                                              `range of the seeds: ${words}`;
  const end = study.crit_statuses[one.status] === "found" ?
    "" :
    " It is at the end of the range: y″ may be smaller outside.";
  return `${c} = <b>${short(one.c_crit)}</b> (${interval}; ${seeds}, ${used}).${end}`;
}

function critContent(values, name) {
  const one = bent[chosenCrit.index()];
  const ink = {color: css("--ink"), width: 1.4, dash: "2px,3px"};
  const shapes = [];
  const tall = {yref: "paper", y0: 0, y1: 1};
  if (one.interval[0] !== null)
    shapes.push({
      type: "rect",
      ...tall,
      x0: one.interval[0],
      x1: one.interval[1],
      fillcolor: css("--band"),
      line: {width: 0},
      layer: "below"
    });
  if (one.c_crit !== null)
    shapes.push({type: "line", ...tall, x0: one.c_crit, x1: one.c_crit, line: ink});
  const space = 0.03 * (one.c.at(-1) - one.c[0]);
  return {
    traces: [{
      type: "scatter",
      mode: "lines+markers",
      x: one.c,
      y: one[values],
      line: {color: css("--constant-0"), width: 1.6},
      marker: {size: 5},
      hovertemplate: `<i>c</i> = %{x:.4g}: ${name} %{y:.4g}<extra></extra>`
    }],
    layout: {
      margin: {l: 62, r: 12, t: 8, b: 46},
      shapes,
      xaxis: {title: {text: "<i>c</i>"}, range: [one.c[0] - space, one.c.at(-1) + space], nticks: 8},
      yaxis: {title: {text: name}, nticks: 7}
    },
    text: `${name} against c, depth ${one.depth}, width ${one.width}. ${plain(critSentence(one))}`
  };
}

function addCCrit() {
  const lead = document.getElementById("c-crit-lead");
  if (study.no_c_crit !== "") {
    lead.textContent = study.no_c_crit;
    document.getElementById("c-crit-parts").remove();
    return;
  }
  lead.innerHTML = `y is λ at step ${short(study.c_crit_s)}/<i>c</i> over λ₀, the mean over the seeds.
    <i>c</i><sub>crit</sub> is where y bends down most sharply as <i>c</i> grows.`;
  const sentence = document.getElementById("c-crit-text");
  const name = (one) => [`depth ${one.depth}`, `width ${one.width}`, settingText(one.swept)]
                          .filter(Boolean).join(", ");
  const place = (id) => document.getElementById(id);
  const redraw = () => {
    parts.forEach((part) => part.draw());
    sentence.innerHTML = critSentence(bent[chosenCrit.index()]);
  };
  chosenCrit = chooser("Shape", bent.map(name), redraw, "crit-shape");
  place("c-crit-controls").append(chosenCrit.element);
  const few = study.c_crit.length - bent.length;
  if (few > 0)
    place("c-crit-note").textContent =
      `${few} of ${study.c_crit.length} shapes have too few c for y″ and are not shown.`;
  const parts = [
    addFigure(place("c-crit-y"), "y", 300, () => critContent("y", "y")),
    addFigure(place("c-crit-bend"), "Its second derivative, y″", 300, () => critContent("bends", "y″"))
  ];
  sentence.innerHTML = critSentence(bent[0]);
}
