#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pages of `sharpgrid report` in a headless Chromium: drawn, silent, without a request, usable by keyboard, dark and on paper.

  check_report.py PROGRAM      the built sharpgrid; takes about a minute
"""
import os
import subprocess
import sys
import tempfile

from browser import Page

DRAWN = "document.documentElement.dataset.drawn"
SIZE_LIMIT = 30e6

STUDY = """study: {name}
data: {{set: synthetic, examples: 64, inputs: 6, classes: 3}}
model: {{kind: fcn, depth: {depth}, width: {width}, activation: {activation}}}
training: {{loss: mse, batch: full, steps: {steps}}}
grid: {{c: {c}, seeds: {seeds}}}
sharpness: {{{sharpness}, examples: 32}}
output: {{file: unused.h5}}
"""
USUAL = dict(name="usual", depth="[2, 3]", width="[4, 8, 16]", activation="relu", steps=10,
             c="{log2_min: 0, log2_max: 9, step: 0.5}", seeds=3, sharpness="method: power, iterations: 2")
HOSTILE = """'<img src="x.png" onerror="alert(1)">&amp; {{data}} <!--<script>'"""
COMMENT = """# </script><img src="http://192.0.2.1/x.png" onerror="alert(2)"><!--<script>\n"""
STUDIES = {
    "usual": {},
    "hostile": dict(name=HOSTILE, activation="[relu, tanh]"),
    "one_seed": dict(seeds=1),
    "one_network": dict(depth="2", width="4", c="[1]", seeds=1),
    "all_diverged": dict(c="[1e9, 2e9]", depth="2"),
    "long": dict(steps=2000, depth="2", width="4", c="[1, 2, 4]", seeds="[9007199254740993]"),
    "regimes": dict(steps=400, width="16", c=[0.5 + k / 4 for k in range(15)], seeds=5, sharpness="method: lanczos"),
    "many": dict(depth="[2, 3, 4, 5]", width="[4, 6, 8, 12, 16]", c="{log2_min: 0, log2_max: 7, step: 0.28}", seeds=20),
}
wrong = []


def check(holds, *what):
    if not holds:
        wrong.append(" ".join(map(str, what)))
        print("WRONG ", *what)


def make_page(program, folder, name):
    study, data, page = (os.path.join(folder, name + end) for end in (".yaml", ".h5", ".html"))
    with open(study, "w") as file:
        file.write(STUDY.format(**{**USUAL, **STUDIES[name]}) + COMMENT)
    for arguments in (["run", study, "-o", data], ["report", data, "-o", page]):
        done = subprocess.run([program, *arguments], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{arguments[0]} of {name}: exit code {done.returncode}\n{done.stderr}")
    return page


# Of each figure: what it should show, how many traces are on it, and how many of them have a mark.
FIGURES = """[...document.querySelectorAll('.plot')].map(plot => ({
  empty: plot.querySelector('.empty')?.textContent ?? null, label: plot.getAttribute('aria-label'),
  wanted: (plot.data ?? []).length, traces: plot.querySelectorAll('.scatterlayer > .trace').length,
  marked: [...plot.querySelectorAll('.scatterlayer > .trace')].filter(t => t.querySelector('path')).length,
  bars: plot.querySelectorAll('.colorbar').length,
  width: plot.querySelector('.main-svg')?.getBoundingClientRect().width ?? 0}))"""


def check_drawn(page, name, panels, empty=0, more=0):
    figures = page.evaluate(FIGURES)
    check(len(figures) == panels + 5 + more, name, "has", len(figures), "figures")
    check(sum(f["empty"] is not None for f in figures) == empty, name, "has empty figures", [f["empty"] for f in figures])
    for number, figure in enumerate(figures):
        if figure["empty"] is not None:
            continue
        check(figure["wanted"] >= 1 and figure["traces"] == figure["wanted"], name, "figure", number, figure)
        check(figure["marked"] >= figure["traces"] - figure["bars"], name, "figure", number, "has empty traces", figure)
        check(figure["label"] and figure["width"] > 100, name, "figure", number, figure)
    check(page.evaluate("document.querySelectorAll('#networks tbody tr').length") >= 1, name, "has no row")


def check_quiet(page, name):
    check(not page.console, name, "is not silent:", page.console)
    fetched = [url for url in page.requests if not url.startswith(("file://", "data:"))]
    check(not fetched and sum(url.startswith("file://") for url in page.requests) == 1, name, "asked for", page.requests)


def open_page(page, path, name, **drawn):
    page.console.clear()
    page.requests.clear()
    page.open(path)
    page.wait(DRAWN + " && location.pathname.endsWith('/" + name + ".html')")
    check_drawn(page, name, **drawn)
    check_quiet(page, name)


def enter(page):
    page.press("Enter", 13, "\r")


def column(page, place):
    return page.evaluate(f"[...document.querySelectorAll('#table tbody tr')].map(r => Number(r.cells[{place}].textContent))")


def check_table(page):
    head = "document.querySelectorAll('#table th')[3]"
    page.evaluate(head + ".querySelector('button').focus()")
    for order, direction in (("ascending", False), ("descending", True)):
        enter(page)
        values = column(page, 3)
        check(page.evaluate(head + ".getAttribute('aria-sort')") == order, "the head of c says not", order)
        check(values == sorted(values, reverse=direction) and len(values) == 50, "c is not", order, values)
    page.press("Tab", 9)
    check(page.evaluate("document.activeElement.textContent") == "η", "Tab does not go on to the next head")
    page.evaluate("document.getElementById('filter').focus()")
    for letter in "depth=3 c>100 diverged":
        page.press(letter, 0, letter)
    check(set(column(page, 0)) == {3} and min(column(page, 3)) > 100, "the filter does not hold")
    shown = page.evaluate("document.getElementById('count').textContent")
    check(" of 342 networks" in shown, "the count says", shown)
    page.evaluate("document.querySelector('#table tbody button').focus()")
    enter(page)
    chosen = page.evaluate("[document.getElementById('depth').selectedOptions[0].textContent, document.activeElement.id]")
    check(chosen == ["3", "highlight"], "Plot leads to", chosen)
    check(page.evaluate("Number(document.getElementById('highlight').selectedOptions[0].textContent) > 100"), "another c is marked")


def check_choices(page):
    before = page.evaluate("document.getElementById('fit-text').textContent")
    page.evaluate("document.getElementById('constant').focus()")
    page.press("ArrowDown", 40)
    after = page.evaluate("document.getElementById('fit-text').textContent")
    check(before != after, "another constant has the same fit:", after)
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.open(page.evaluate("location.pathname"))
    page.wait(DRAWN)
    page.press("Tab", 9)
    check(page.evaluate("document.activeElement.className") == "skip", "Tab does not begin with the way past the head")
    enter(page)
    check(page.evaluate("location.hash") == "#main", "the way past the head leads nowhere")


def text(page, selector):
    return page.evaluate(f"document.querySelector('{selector}').textContent")


def check_constants(page):
    """Every shape and constant that was measured has a row; what is only a bound is drawn and said so."""
    rows = page.evaluate("[...document.querySelectorAll('#medians tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
    shapes = page.evaluate("study.shapes.map(s => [s.depth, s.width, s.constants])")
    wanted = [(depth, width, one) for depth, width, constants in shapes for one in constants if one["seeds"] > 0]
    check(len(rows) == len(wanted) > 6, len(rows), "rows of constants, not", len(wanted))
    for row, (depth, width, one) in zip(rows, wanted):
        check(row[:2] == [str(depth), str(width)] and row[3] == str(one["seeds"]), "a row of constants is", row)
        value, bound, other = one["median"]
        check(value is None or other is not None or row[5].startswith(bound), "the median", one["median"], "reads", row[5])
        check(sum(int(part.split()[0]) for part in row[9].split(", ")) == sum(one["statuses"]), "statuses read", row[9])
    bounds = sum(one["median"][1] != "" for _, _, one in wanted)
    check(bounds > 0 and "only a bound" in text(page, "#constants-legend"), bounds, "bounds, and the legend does not say so")


def check_seeds(page):
    page.evaluate("document.querySelector('#seeds-details summary').focus()")
    enter(page)
    page.wait("document.querySelectorAll('#seeds tbody tr').length === study.points.length")
    rows = page.evaluate("[...document.querySelectorAll('#seeds tbody tr')].map(r => r.cells[4].textContent)")
    check(any(row.startswith("[") for row in rows) and any(row.startswith("none") for row in rows), "seeds read", rows[:9])


def check_nothing_found(page):
    for part, words in (("regimes", "at least 200 steps, and this study has 10."), ("c-crit", "it needs λ at step 200/c")):
        check(words in text(page, f"#{part}-lead"), part, "says", text(page, f"#{part}-lead"))
        check(page.evaluate(f"document.querySelectorAll('#{part} figure, #{part} table').length") == 0, part, "is not empty")


def check_findings(page):
    count = page.evaluate("study.regimes.length")
    rows = page.evaluate("document.querySelectorAll('#regimes-table tbody tr').length")
    check(count > 0 and rows == min(count, 60), rows, "rows for", count, "networks with regimes")
    for part, figure in (("network", "#regimes-figure .plot"), ("crit-shape", "#c-crit-bend .plot")):
        label = f"document.querySelector('{figure}').getAttribute('aria-label')"
        before = page.evaluate(label)
        page.evaluate(f"document.getElementById('{part}').focus()")
        page.press("ArrowDown", 40)
        check(page.evaluate(label) != before, part, "changes nothing:", before)
    check("early transient" in page.evaluate("document.querySelector('#regimes-figure .plot').getAttribute('aria-label')"),
          "the regimes are not said")
    check("95 % over the seeds" in text(page, "#c-crit-text"), "c_crit is said as", text(page, "#c-crit-text"))


def colours(page):
    return page.evaluate("[getComputedStyle(document.body).backgroundColor, "
                         "getComputedStyle(document.querySelector('.plot .xtick text')).fill]")


def check_colours(page):
    light = colours(page)
    page.media(color_scheme="dark")
    page.wait("document.documentElement.dataset.theme === 'dark'")
    dark = colours(page)
    check(light[0] == "rgb(255, 255, 255)" and dark[0] != light[0] and dark[1] != light[1], "dark is", dark, "light", light)
    page.evaluate("document.getElementById('theme').focus()")
    enter(page)
    check(colours(page) == light, "the button does not lead back to light")
    page.media(color_scheme="light")


def check_sizes(page, folder):
    widths = "[...document.querySelectorAll('.plot .main-svg')].map(svg => Math.round(svg.getBoundingClientRect().width))"
    before = page.evaluate(widths)
    paper = os.path.join(folder, "page.pdf")
    page.paper(paper)
    with open(paper, "rb") as file:
        check(file.read(5) == b"%PDF-" and os.path.getsize(paper) > 50_000, "nothing was printed")
    page.wait(f"JSON.stringify({widths}) === JSON.stringify({before})")
    check(not page.evaluate("document.documentElement.classList.contains('printing')"), "printing has not ended")
    for width in (360, 800):
        page.resize(width, 800)
        page.wait("[...document.querySelectorAll('.plot .main-svg')].every(svg => svg.getBoundingClientRect().right <= innerWidth)")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        check(over <= 0, f"at {width} pixels the page is {over} too wide")
    page.resize(1280, 900)


def check_hostile(page):
    title = page.evaluate("document.querySelector('h1').textContent")
    check(title == HOSTILE[1:-1], "the title has become", title)
    check(page.evaluate("document.querySelectorAll('img, main script').length") == 0, "markup of the study was taken for ours")
    check(page.evaluate("study.provenance[0][1] === document.querySelector('h1').textContent"), "the data hold another title")
    check(page.evaluate("document.getElementById('setting').length") == 2, "the swept key has not two settings")


def main(program):
    with tempfile.TemporaryDirectory() as folder, Page(1280, 900) as page:
        paths = {name: make_page(program, folder, name) for name in STUDIES}
        open_page(page, paths["usual"], "usual", panels=2)
        for examine in (check_constants, check_seeds, check_nothing_found, check_table, check_choices, check_colours):
            examine(page)
        check_sizes(page, folder)
        check(not page.console, "using the page was not silent:", page.console)
        open_page(page, paths["hostile"], "hostile", panels=4)
        check_hostile(page)
        open_page(page, paths["one_seed"], "one_seed", panels=2)
        check("not enough seeds" in page.evaluate("document.querySelector('.summary').textContent"), "one seed is not mentioned")
        open_page(page, paths["one_network"], "one_network", panels=1, empty=1)
        open_page(page, paths["all_diverged"], "all_diverged", panels=1)
        open_page(page, paths["long"], "long", panels=1, empty=1, more=1)
        check(page.evaluate("networks.seed.texts[0]") == "9007199254740993", "a large seed was rounded")
        open_page(page, paths["regimes"], "regimes", panels=2, empty=1, more=3)
        check_findings(page)
        check_quiet(page, "regimes")
        open_page(page, paths["many"], "many", panels=4)
        size, count = os.path.getsize(paths["many"]), page.evaluate("networks.count")
        check(count >= 10000 and size < SIZE_LIMIT, count, "networks take", size, "bytes")
        print(f"{count} networks: {size / 1e6:.1f} MB, drawn {page.evaluate(DRAWN)} ms after the start")
    print(f"{len(wrong)} wrong" if wrong else "every page is drawn, silent and alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.dont_write_bytecode = True
    sys.exit(main(sys.argv[1]))
