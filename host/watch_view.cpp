// SPDX-License-Identifier: MIT
#include "host/watch_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/plan.hpp"
#include "host/problems.hpp"
#include "host/text_diagram.hpp"
#include "host/text_table.hpp"

namespace sg {

namespace {

constexpr std::array<char const*, life_names.size()> life_colours{"32", "32", "1;32", "33", "1;31"};

bool goes_on(Watched const& watched) { return watched.life <= Life::held; }

// Cuts a line without colours to what the window shows.
std::string clipped(std::string const& line, int columns) {
    std::string text;
    int used = 0;
    for (char const byte : line) {
        used += (byte & 0xc0) != 0x80;
        if (used > columns) break;
        text += byte;
    }
    return text;
}

// Of the work, 0 to 1; missing where it is not known.
double part_done(Watched const& watched) {
    if (!watched.headway || !(watched.headway->work > 0)) return missing;
    return std::clamp(1 - watched.headway->left / watched.headway->work, 0.0, 1.0);
}

// In hundredths, rounded down: only what is complete is at 100.
std::string share_of(Watched const& watched) {
    double const done = part_done(watched);
    return std::isnan(done) ? "" : fmt::format("{:.0f} %", std::floor(100 * done));
}

std::string bar_of(Watched const& watched) {
    constexpr std::size_t length = 20;
    double const done = part_done(watched);
    if (std::isnan(done)) return "";
    auto const full = static_cast<std::size_t>(length * done);
    return "[" + std::string(full, '=') + std::string(length - full, ' ') + "] ";
}

std::string counts_of(Watched const& watched) {
    auto const done = watched.stored.rows.size();
    bool const complete = watched.life == Life::complete;
    if (complete || !watched.headway) return fmt::format("{} networks", done);
    bool const about = watched.study && watched.study->search;
    return fmt::format("{} of {}{} networks", done, about ? "about " : "",
                       watched.headway->networks);
}

std::string left_of(Watched const& watched) {
    if (!goes_on(watched)) return "";
    return std::isnan(watched.left) ? "no estimate yet"
                                    : "about " + human_time(watched.left) + " left";
}

int count(StoredStudy const& stored, RunStatus status) {
    return static_cast<int>(
        std::count_if(stored.rows.begin(), stored.rows.end(),
                      [=](Trajectory const& row) { return row.status == status; }));
}

std::string ends_of(Watched const& watched, bool where) {
    StoredStudy const& stored = watched.stored;
    std::string text = fmt::format("{} diverged", count(stored, RunStatus::diverged));
    Trajectory const* lowest = nullptr;
    for (Trajectory const& row : stored.rows)
        if (row.status == RunStatus::diverged && (!lowest || row.c < lowest->c)) lowest = &row;
    if (lowest && where)
        text += fmt::format(" (from c {:.3g}: depth {} width {} seed {} step {})", lowest->c,
                            lowest->depth, lowest->width, lowest->seed, lowest->diverged_step);
    return text + fmt::format(", {} collapsed", count(stored, RunStatus::collapsed));
}

std::string times_of(Watched const& watched) {
    std::vector<std::string> parts;
    if (!std::isnan(watched.elapsed))
        parts.push_back((goes_on(watched) ? "running for " : "its last run took ") +
                        human_time(watched.elapsed));
    if (watched.stored.rows.empty())
        parts.emplace_back("no network is committed yet");
    else if (watched.life != Life::complete && !std::isnan(watched.since_commit))
        parts.push_back("last commit " + human_time(watched.since_commit) + " ago");
    AuditTally const& audit = watched.stored.audit;
    if (audit.measurements > 0)
        parts.push_back(fmt::format("audit: {} of {} missed", audit.misses, audit.measurements));
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string title_of(Watched const& watched) {
    StoredStudy const& stored = watched.stored;
    std::string text = fmt::format("{}: {}", stored.title, stored.model);
    for (auto const& [before, more] : {std::pair{" on ", stored.data_name},
                                       {", shard ", stored.shard == "1/1" ? "" : stored.shard}})
        if (!more.empty() && first_bad_byte(more) == std::string::npos) text += before + more;
    return text;
}

std::vector<std::string> split_words(std::string const& text, int columns) {
    std::vector<std::string> words(1);
    for (char const letter : text) {
        words.back() += letter;
        if (letter == ' ') words.emplace_back();
    }
    return wrapped(words, columns);
}

std::vector<std::string> head_of(Watched const& watched, int columns, bool colour) {
    auto const life = static_cast<std::size_t>(watched.life);
    int const room = columns - static_cast<int>(life_names[life].size()) - 2;
    std::string first = clipped(title_of(watched), std::max(room, 0)) + ", ";
    first += colour ? fmt::format("\x1b[{}m{}\x1b[m", life_colours[life], life_names[life])
                    : std::string(life_names[life]);
    std::vector<std::string> lines{first};
    std::string progress = bar_of(watched) + share_of(watched);
    for (std::string const& part : {left_of(watched), counts_of(watched)})
        if (!part.empty()) progress += (progress.empty() ? "" : ", ") + part;
    for (std::string const& line : {progress, ends_of(watched, true), times_of(watched)})
        lines.push_back(clipped(line, columns));
    if (watched.replaced)
        lines.push_back(clipped("another study took the place of the one before", columns));
    if (auto const advice = advice_for(watched); !advice.empty())
        for (std::string const& line : split_words(advice, columns)) lines.push_back(line);
    return lines;
}

std::vector<std::string> foot_of(TextDiagram const& diagram, int columns) {
    std::vector<std::string> lines{
        clipped("across: log2 c; down: width; what most of the seeds did", columns)};
    lines.insert(lines.end(), diagram.legend.begin(), diagram.legend.end());
    return lines;
}

TextDiagram diagram_of(Watched const& watched, int columns, bool colour) {
    static std::vector<Awaited> const none;
    auto const& awaited = watched.headway ? watched.headway->awaited : none;
    return text_diagram(watched.stored, watched.study, awaited, columns, colour);
}

using Lines = std::vector<std::string>;

// Panels that stand in a window together; one that is too long loses its end.
std::vector<Lines> pages_of(std::vector<Lines> const& panels, std::size_t rows) {
    std::vector<Lines> pages;
    for (Lines const& panel : panels) {
        if (pages.empty() || pages.back().size() + panel.size() > rows) pages.emplace_back();
        Lines& page = pages.back();
        page.insert(page.end(), panel.begin(), panel.end());
        if (page.size() <= rows) continue;
        std::size_t const lost = page.size() - rows + 1;
        page.resize(rows - 1);
        page.push_back(fmt::format("... {} more lines", lost));
    }
    return pages;
}

}  // namespace

std::string progress_of(Watched const& watched) {
    std::string text = share_of(watched);
    if (auto const left = left_of(watched); !left.empty())
        text += (text.empty() ? "" : ", ") + left;
    return text + (text.empty() ? "" : "; ") + counts_of(watched) + ", " + ends_of(watched, false);
}

std::string advice_for(Watched const& watched) {
    if (watched.life == Life::stopped) return "The same `sharpgrid run` goes on.";
    if (watched.life != Life::killed) return "";
    return "No process holds its lock. The same `sharpgrid run` goes on; `sharpgrid repair " +
           watched.path + "` makes the file whole.";
}

std::vector<std::string> snapshot(Watched const& watched, int columns) {
    SG_EXPECT(columns > 0);
    Lines lines = head_of(watched, columns, false);
    TextDiagram const diagram = diagram_of(watched, columns, false);
    for (Lines const& panel : diagram.panels) {
        lines.emplace_back();
        lines.insert(lines.end(), panel.begin(), panel.end());
    }
    lines.emplace_back();
    Lines const foot = foot_of(diagram, columns);
    lines.insert(lines.end(), foot.begin(), foot.end());
    return lines;
}

std::vector<std::string> window_of(Watched const& watched, WindowSize const& size, bool colour,
                                   std::size_t turn) {
    SG_EXPECT(size.columns > 0 && size.rows > 0);
    auto const rows = static_cast<std::size_t>(size.rows);
    int const columns = size.columns - 1;  // beyond the last one terminals differ
    Lines lines = head_of(watched, columns, colour);
    TextDiagram const diagram = diagram_of(watched, columns, colour);
    Lines foot = foot_of(diagram, columns);
    if (lines.size() + foot.size() + 3 <= rows) {
        auto const pages = pages_of(diagram.panels, rows - lines.size() - foot.size() - 1);
        if (pages.size() > 1)
            foot.front() = clipped(fmt::format("page {} of {}; {}", turn % pages.size() + 1,
                                               pages.size(), foot.front()),
                                   columns);
        lines.emplace_back();
        if (!pages.empty()) {
            Lines const& page = pages[turn % pages.size()];
            lines.insert(lines.end(), page.begin(), page.end());
        }
        lines.insert(lines.end(), foot.begin(), foot.end());
    }
    lines.resize(std::min(lines.size(), rows));
    return lines;
}

}  // namespace sg
