// SPDX-License-Identifier: MIT
#include "host/continuation.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/digest.hpp"

namespace sg {

namespace {

// "section.key" and its text, of a canonical study.
std::map<std::string, std::string> keys_of(Study const& study) {
    std::map<std::string, std::string> keys;
    for (auto const& section : YAML::Load(study.yaml_resolved)) {
        auto const name = section.first.as<std::string>();
        if (!section.second.IsMap()) {
            keys[name] = YAML::Dump(section.second);
            continue;
        }
        for (auto const& key : section.second)
            keys[name + "." + key.first.as<std::string>()] = YAML::Dump(key.second);
    }
    return keys;
}

template <class T>
bool contains(std::vector<T> const& now, std::vector<T> const& before) {
    return std::includes(now.begin(), now.end(), before.begin(), before.end());
}

// Keys whose values may differ: those that only grew, and the place of the data, whose digest
// counts.
std::vector<std::string> excused(Study const& before, Study const& now) {
    std::vector<std::string> keys{"data.directory"};
    if (contains(now.depth, before.depth)) keys.push_back("model.depth");
    if (contains(now.width, before.width)) keys.push_back("model.width");
    if (!now.search && !before.search && contains(now.c, before.c)) keys.push_back("grid.c");
    if (contains(now.seeds, before.seeds)) keys.push_back("grid.seeds");
    return keys;
}

std::string shortened(std::string const& text) {
    constexpr std::size_t most = 60;
    return text.size() <= most ? text : text.substr(0, most) + "...";
}

[[noreturn]] void refuse(std::string const& path, std::string const& reason) {
    throw UserError(path + " exists and " + reason +
                    ". Choose another file with -o, or replace it with --overwrite.");
}

StoredStudy read_existing(std::string const& path) {
    try {
        return read_store(path, Killed::read);
    } catch (DataError const& error) {
        refuse(path, "is not an output of sharpgrid that can be gone on with (" + std::string(error.what()) + ")");
    }
}

// The study of the file, read by this version.
Study study_of(std::string const& path, FileHead const& head) {
    try {
        return parse_study(head.yaml_resolved, path);
    } catch (UserError const& error) {
        refuse(path, "its study cannot be read (" + std::string(error.what()) + ")");
    }
}

// What the head of a file says may not be so of its rows.
void demand_own_rows(StoredStudy const& kept, std::string const& path, Study const& before,
                     Study const& now) {
    std::set<std::vector<double>> settings;  // in the order of the file, which is that of `now`
    for (Variant const& variant : now.variants) settings.insert(variant.swept);
    auto const has = [](auto const& sorted, auto const& value) {
        return std::binary_search(sorted.begin(), sorted.end(), value);
    };
    for (Trajectory const& row : kept.rows)
        if (!has(before.depth, row.depth) || !has(before.width, row.width) ||
            !has(before.seeds, row.seed) || (!before.search && !has(before.c, row.c)) ||
            !settings.contains(row.swept))
            refuse(path, "holds a network that is not of its study");
    if (kept.steps != before.steps || kept.spectrum != before.spectrum) refuse(path, "is not as long as its study says");
}

void demand_same_study(StoredStudy const& kept, std::string const& path, Study const& study,
                       std::string const& precision, Shard const& shard) {
    Study const of_file = study_of(path, kept);
    auto differ = differing_keys(of_file, study);
    auto const compare = [&](std::string const& key, std::string const& before,
                             std::string const& now) {
        if (before != now)
            differ.push_back(fmt::format("{} is {} in the file, {} now", key, before, now));
    };
    compare("--precision", kept.precision, precision);
    compare("--shard", kept.shard, shard.text());
    if (!shard.whole() && kept.digest != study.digest && differ.empty())
        differ.push_back(
            "the study grew, which would deal out its shards anew: merge them, and let "
            "the merged file grow");
    std::string before, now;
    for (SweptKey const& key : kept.swept) before += " " + key.name;
    for (SweptKey const& key : study.swept) now += " " + key.name;
    if (differ.empty() && before != now)
        differ.push_back(
            fmt::format("the order of the swept keys is{} in the file,{} now", before, now));
    if (!differ.empty())
        refuse(path, fmt::format("belongs to another study:\n  {}\n", fmt::join(differ, "\n  ")));
    demand_own_rows(kept, path, of_file, study);
}

}  // namespace

std::vector<std::string> differing_keys(Study const& before, Study const& now) {
    auto const old_keys = keys_of(before);
    auto new_keys = keys_of(now);
    auto const excuses = excused(before, now);
    std::vector<std::string> differ;
    auto const add = [&](std::string const& key, std::string const& was, std::string const& is) {
        if (std::find(excuses.begin(), excuses.end(), key) == excuses.end())
            differ.push_back(fmt::format("{} is {} in the file, {} in the study", key,
                                         shortened(was), shortened(is)));
    };
    for (auto const& [key, was] : old_keys) {
        std::string const is = new_keys.contains(key) ? new_keys[key] : "absent";
        if (is != was) add(key, was, is);
        new_keys.erase(key);
    }
    for (auto const& [key, is] : new_keys) add(key, "absent", is);
    return differ;
}

std::string continuation_key(Study const& study, std::string const& precision,
                             Dataset const& data) {
    std::string text = precision + "\n" + data.sha256 + "\n";
    auto const grown = excused(study, study);
    for (auto const& [key, value] : keys_of(study))
        if (std::find(grown.begin(), grown.end(), key) == grown.end())
            text += key + " = " + value + "\n";
    return sha256_hex(text);
}

StoredStudy take_up(std::string const& path, Study const& study, std::string const& precision,
                    Shard const& shard) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return {};
    StoredStudy kept = read_existing(path);
    demand_same_study(kept, path, study, precision, shard);
    bool const grew = kept.digest != study.digest;
    if (grew || kept.state != StudyState::complete)
        spdlog::info("{} holds {} networks: going on{}", path, kept.rows.size(),
                     grew ? " with a study that grew" : "");
    return kept;
}

void check_data(std::string const& path, FileHead const& kept, Dataset const& data) {
    if (!kept.data_sha256.empty() && kept.data_sha256 != data.sha256)
        refuse(path, "was made of other data (SHA-256 " + kept.data_sha256.substr(0, 12) +
                         "..., now " + data.sha256.substr(0, 12) + "...)");
}

}  // namespace sg
