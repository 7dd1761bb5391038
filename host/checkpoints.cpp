// SPDX-License-Identifier: MIT
#include "host/checkpoints.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cuda/exec/error.hpp"
#include "host/bytes.hpp"
#include "host/schema.hpp"

namespace sg {

namespace fs = std::filesystem;

namespace {

constexpr char const* extension = ".checkpoint";

std::vector<fs::path> entries_of(std::string const& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        entries.push_back(it->path());
    std::sort(entries.begin(), entries.end());
    return entries;
}

// The name of the newest one, of an entry that is one of its forms; empty for what is not ours.
std::string newest_name(fs::path const& entry) {
    for (char const* suffix : {"", ".previous", ".tmp"}) {
        std::string const name = entry.string(), tail = extension + std::string(suffix);
        if (name.ends_with(tail)) return name.substr(0, name.size() - tail.size()) + extension;
    }
    return "";
}

bool holds(Study const& study, Cohort const& cohort, Todo const& todo, Trajectory const& row) {
    auto const& variant = study.variants[static_cast<std::size_t>(cohort.variant)];
    return row.swept == variant.swept && schema::has_spectrum(row, study.spectrum) && todo.request(cohort, row.seed, row.c);
}

// Whether the study and its plan would have written this head.
bool fits(CheckpointHead const& head, Study const& study, Precision precision, Cohort const& cohort,
          Todo const& todo) {
    auto const values = static_cast<std::uint64_t>(state_values(study, cohort));
    std::uint32_t const bytes = precision == Precision::single ? 4 : 8;
    return head.variant == cohort.variant && head.depth == cohort.spec.depth &&
           head.width == cohort.spec.width && head.state_values == values &&
           head.value_bytes == bytes &&
           head.rows.front().loss.size() == static_cast<std::size_t>(study.steps) + 1 &&
           std::all_of(head.rows.begin(), head.rows.end(),
                       [&](Trajectory const& row) { return holds(study, cohort, todo, row); });
}

}  // namespace

std::string checkpoint_folder(std::string const& output) { return output + ".checkpoints"; }

std::string checkpoint_path(CheckpointPolicy const& policy, CheckpointHead const& head) {
    ByteWriter networks;
    networks.add(head.variant);
    for (Trajectory const& row : head.rows) {
        networks.add(row.seed);
        networks.add(row.c);
    }
    return fmt::format("{}/d{}-w{}-{}{}", policy.folder, head.depth, head.width,
                       sha256_hex(networks.bytes()).substr(0, 16), extension);
}

void make_checkpoint_folder(std::string const& folder) {
    std::error_code error;
    fs::create_directory(folder, error);
    if (error) throw ResourceError("cannot make the folder " + folder + ": " + error.message());
}

std::vector<FoundCheckpoint> find_checkpoints(CheckpointPolicy const& policy, Study const& study,
                                              Precision precision,
                                              std::vector<Cohort> const& cohorts, Todo& todo) {
    std::vector<FoundCheckpoint> found;
    std::string before;
    for (fs::path const& entry : entries_of(policy.folder)) {
        std::string const name = newest_name(entry);
        if (name.empty() || name == before) continue;
        before = name;
        auto const checkpoint = open_checkpoint(name);
        auto const cohort = std::find_if(cohorts.begin(), cohorts.end(), [&](Cohort const& c) {
            return checkpoint && checkpoint->head().key == policy.key &&
                   fits(checkpoint->head(), study, precision, c, todo);
        });
        if (cohort == cohorts.end()) {
            remove_checkpoint(name);
            continue;
        }
        for (Trajectory const& row : checkpoint->head().rows)
            todo.set_under_way(*cohort, row.seed, row.c);
        found.push_back({static_cast<std::size_t>(cohort - cohorts.begin()), checkpoint});
    }
    return found;
}

void remove_checkpoint(std::string const& path) {
    for (std::string const& name : {path, previous_checkpoint(path), path + ".tmp"})
        ::unlink(name.c_str());
}

void remove_checkpoints(std::string const& output) {
    std::string const folder = checkpoint_folder(output);
    for (fs::path const& entry : entries_of(folder))
        if (!newest_name(entry).empty()) ::unlink(entry.c_str());
    ::rmdir(folder.c_str());  // which fails where something else lies in it
}

}  // namespace sg
