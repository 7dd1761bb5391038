// SPDX-License-Identifier: MIT
#include "host/store_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/schema.hpp"
#include "host/store_rows.hpp"
#include "host/store_write.hpp"
#include "host/study_keys.hpp"

namespace sg {

namespace {

constexpr std::size_t most_lines = 20;  // of a list in a message

using Cell = std::tuple<int, int, std::uint64_t, std::vector<double>>;

Cell cell_of(Trajectory const& row) { return {row.depth, row.width, row.seed, row.swept}; }

std::string text_of(Cell const& cell, std::vector<SweptKey> const& swept) {
    auto const& [depth, width, seed, values] = cell;
    std::string text = fmt::format("depth {}, width {}, seed {}", depth, width, seed);
    for (std::size_t k = 0; k < swept.size(); ++k) {
        auto const& words = swept[k].words;
        text += fmt::format(
            ", {} {}", swept[k].name,
            words.empty() ? shortest(values[k]) : words.at(static_cast<std::size_t>(values[k])));
    }
    return text;
}

struct Part {
    std::string path;
    StoredStudy study;
};

std::vector<Part> read_parts(std::vector<std::string> const& paths) {
    std::vector<Part> parts;
    for (std::string const& path : paths) {
        if (is_locked(path))
            throw UserError(path + " is still being written. Merge when its run has ended.");
        parts.push_back({path, read_store(path, Killed::read)});
    }
    // The order of the arguments must not show in the file.
    std::sort(parts.begin(), parts.end(), [](Part const& a, Part const& b) {
        return std::tie(a.study.shard, a.path) < std::tie(b.study.shard, b.path);
    });
    return parts;
}

void demand_one_study(std::vector<Part> const& parts) {
    Part const& first = parts.front();
    auto const demand = [&](Part const& part, bool same, char const* what) {
        if (!same)
            throw DataError(fmt::format("{} and {} cannot be merged: they are of different {}",
                                        first.path, part.path, what));
    };
    auto const swept = [](FileHead const& head) {
        std::string names;
        for (SweptKey const& key : head.swept) names += key.name + " ";
        return names;
    };
    for (Part const& part : parts) {
        demand(part, part.study.digest == first.study.digest, "studies");
        demand(part, part.study.precision == first.study.precision, "precision");
        demand(part, part.study.data_sha256 == first.study.data_sha256, "data");
        demand(part, part.study.steps == first.study.steps, "length");
        demand(part, part.study.spectrum == first.study.spectrum, "spectra");
        demand(part, swept(part.study) == swept(first.study), "orders of the swept keys");
    }
}

// The settings of the swept keys, sorted, with the values in the order of the file.
std::vector<std::vector<double>> settings_of(Study const& study,
                                             std::vector<SweptKey> const& swept) {
    std::vector<std::size_t> place;
    for (SweptKey const& key : swept)
        for (std::size_t k = 0; k < study.swept.size(); ++k)
            if (study.swept[k].name == key.name) place.push_back(k);
    if (place.size() != study.swept.size() || place.size() != swept.size())
        throw DataError("the swept keys of the file are not those of its study");
    std::vector<std::vector<double>> settings;
    for (Variant const& variant : study.variants) {
        settings.emplace_back();
        for (std::size_t const k : place) settings.back().push_back(variant.swept[k]);
    }
    std::sort(settings.begin(), settings.end());
    return settings;
}

// Calls visit(cell) for every cell of the study, in order. There may be millions: none is kept.
template <class Visit>
void visit_cells(Study const& study, std::vector<SweptKey> const& swept, Visit const& visit) {
    auto const settings = settings_of(study, swept);
    for (int const depth : study.depth)
        for (int const width : study.width)
            for (std::uint64_t const seed : study.seeds)
                for (auto const& values : settings) visit(Cell{depth, width, seed, values});
}

// "  depth 2, ...: 3 of 29 c are missing", of which a message shows the first ones.
struct Gaps {
    std::string text;
    std::size_t count = 0;

    template <class Line>
    void add(Line const& line) {
        if (count++ < most_lines) text += "\n  " + line();
    }
    [[noreturn]] void refuse() const {
        std::string const more =
            count > most_lines ? fmt::format("\n  ... and {} more", count - most_lines) : "";
        throw DataError("the parts do not make the whole study. Missing:" + text + more +
                        "\nRun their shards to the end, then merge again");
    }
};

void demand_whole(std::vector<Part> const& parts) {
    FileHead const& head = parts.front().study;
    Study const study = parse_study(head.yaml_resolved, parts.front().path);
    std::map<Cell, std::map<double, Part const*>> found;
    for (Part const& part : parts)
        for (Trajectory const& row : part.study.rows) {
            auto const [place, fresh] = found[cell_of(row)].try_emplace(row.c, &part);
            if (!fresh)
                throw DataError(fmt::format("{} and {} both hold {}, c {}", place->second->path,
                                            part.path, text_of(cell_of(row), head.swept),
                                            shortest(row.c)));
        }
    Gaps gaps;
    visit_cells(study, head.swept, [&](Cell const& cell) {
        auto const here = found.extract(cell);
        std::size_t missing = here.empty() ? study.c.size() : 0;
        if (!here.empty())
            for (double const c : study.c) missing += !here.mapped().contains(c);
        // A search adds networks between those of its coarse grid.
        if (!study.search && !here.empty() && here.mapped().size() + missing > study.c.size())
            throw DataError(here.mapped().begin()->second->path +
                            " holds a c that is not of its study: " + text_of(cell, head.swept));
        if (missing == 0) return;
        gaps.add([&] {
            return fmt::format("{}: {} of {} c", text_of(cell, head.swept), missing,
                               study.c.size());
        });
    });
    for (auto const& [cell, networks] : found)
        throw DataError(networks.begin()->second->path +
                        " holds a network that is not of its study: " + text_of(cell, head.swept));
    if (gaps.count > 0) gaps.refuse();
}

// Each different text once, in the order of the parts.
std::string joined(std::vector<Part> const& parts, std::string FileHead::*text,
                   char const* between) {
    std::vector<std::string> different;
    for (Part const& part : parts)
        if (std::find(different.begin(), different.end(), part.study.*text) == different.end())
            different.push_back(part.study.*text);
    return fmt::format("{}", fmt::join(different, between));
}

}  // namespace

StoredStudy merged(std::vector<std::string> const& paths) {
    SG_EXPECT(!paths.empty());
    auto parts = read_parts(paths);
    demand_one_study(parts);
    demand_whole(parts);
    StoredStudy whole;
    static_cast<FileHead&>(whole) = parts.front().study;
    whole.history = joined(parts, &FileHead::history, "\n");
    for (auto const text : {&FileHead::source, &FileHead::device, &FileHead::libraries})
        whole.*text = joined(parts, text, "; ");
    whole.shard = "1/1";
    whole.state = StudyState::complete;
    RowsByPoint sorted;
    for (Part& part : parts) {
        whole.start_time = std::min(whole.start_time, part.study.start_time);
        whole.end_time = std::fmax(whole.end_time, part.study.end_time);
        whole.audit.add(part.study.audit);
        sorted.add(std::move(part.study.rows), part.study.margins);
    }
    std::tie(whole.rows, whole.margins) = sorted.take_sorted();
    return whole;
}

bool merge_stores(std::vector<std::string> const& parts, OutputLock const& lock, bool overwrite) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (std::string const& part : parts)
        if (fs::equivalent(part, lock.path(), ignored))
            throw UserError(part + " is a part and the output. Choose another file with -o.");
    StoredStudy const whole = merged(parts);
    if (!overwrite && fs::exists(lock.path(), ignored)) {
        StoredStudy before;
        try {
            before = read_store(lock.path(), Killed::read);
        } catch (DataError const&) {
        }
        bool const same = before.closed && before.digest == whole.digest &&
                          before.state == StudyState::complete &&
                          schema::checksum(before.rows, before.margins) ==
                              schema::checksum(whole.rows, whole.margins);
        if (same) return false;
        throw UserError(lock.path() +
                        " exists and holds something else. Choose another file with -o, or "
                        "replace it with --overwrite.");
    }
    write_closed(lock.path(),
                 {whole, whole.rows, whole.margins, whole.state, whole.audit, whole.end_time});
    return true;
}

}  // namespace sg
