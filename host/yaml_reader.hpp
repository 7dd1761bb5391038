// SPDX-License-Identifier: MIT
// Checked reading of a mapping against a closed list of keys. A reader never throws for what the
// user wrote: it adds a problem, leaves the default in place and goes on.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/problems.hpp"
#include "host/yaml_tree.hpp"

namespace sg {

struct KeyRule {
    std::string_view name;
};
struct SectionRule {
    std::string_view path;  // "" is the study itself
    std::vector<KeyRule> keys;
};

inline constexpr std::array<std::string_view, 2> no_yes{"false", "true"};
inline constexpr double infinity = std::numeric_limits<double>::infinity();

// Allowed values of a number.
struct Interval {
    double low = -infinity;
    double high = infinity;
    bool low_open = false;
    bool high_open = false;

    bool contains(double x) const {
        return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
    }
};

struct IntegerRange {
    std::int64_t low = 0;
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
    std::string_view or_word = "";  // for messages: a word that the caller accepts as well
};

// `path` names the value in messages.
std::optional<std::int64_t> read_integer(Value const& value, std::string const& path,
                                         IntegerRange range, Problems& problems);
std::optional<double> read_number(Value const& value, std::string const& path,
                                  Interval const& range, Problems& problems);
std::optional<std::string> read_text(Value const& value, std::string const& path,
                                     Problems& problems);
// The index of the word. `unavailable`: words of the design that are not there yet.
std::optional<std::size_t> read_word(Value const& value, std::string const& path,
                                     std::span<std::string_view const> words, Problems& problems,
                                     std::span<std::string_view const> unavailable = {});

// A list, or one value that stands for a list of one: ascending. `read_one(value)` gives an
// optional.
template <class T, class ReadOne>
std::vector<T> read_list(Value const& value, std::string const& path, Problems& problems,
                         ReadOne read_one) {
    bool const is_list = value.kind == Value::Kind::list;
    if (is_list && value.items.empty())
        problems.add(value.place, path + " is an empty list; give at least one value");
    std::span<Value const> const items =
        is_list ? std::span<Value const>(value.items) : std::span<Value const>(&value, 1);
    std::set<T> seen;
    for (Value const& item : items) {
        if (problems.full()) break;
        std::optional<T> const one = read_one(item);
        if (one && !seen.insert(*one).second)
            problems.add(item.place, path + " has " + shown(item.text) + " twice");
    }
    return {seen.begin(), seen.end()};
}

// One mapping of the file, or its absence. Unknown and repeated keys are reported at construction.
class Section {
public:
    // The mapping `map` (null: absent), with the keys that `rules` has for `path`.
    Section(Value const* map, Place const& parent, std::string_view path,
            std::span<SectionRule const> rules, Problems& problems);

    Value const* find(std::string_view key) const;     // null when absent
    Value const* require(std::string_view key) const;  // the same, and a problem when absent
    Place place(std::string_view key) const;           // of the value, else of the section
    std::string path(std::string_view key) const;      // "model.depth"
    Problems& problems() const { return problems_; }

    // Read the value of a key, if it is there, into `out`.
    void integer(std::string_view key, int& out, IntegerRange range) const;
    void number(std::string_view key, double& out, Interval const& range) const;
    void text(std::string_view key, std::string& out) const;
    template <class Enum>
    void word(std::string_view key, Enum& out, std::span<std::string_view const> words) const {
        if (Value const* value = find(key))
            if (auto index = read_word(*value, path(key), words, problems_))
                out = static_cast<Enum>(*index);
    }

private:
    void check_keys(std::span<SectionRule const> rules);
    void report_unknown(Value const& item, SectionRule const& own,
                        std::span<SectionRule const> rules) const;

    Value const* map_;
    Place place_;
    std::string path_;
    Problems& problems_;
};

}  // namespace sg
