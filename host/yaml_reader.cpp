// SPDX-License-Identifier: MIT
#include "host/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/suggest.hpp"

namespace sg {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// What follows the leading digits.
std::string_view after_digits(std::string_view text) {
    while (!text.empty() && digit(text.front())) text.remove_prefix(1);
    return text;
}

bool has_leading_zero(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return text.size() > 1 && text[0] == '0' && digit(text[1]);
}

// Digits with at most one point among them and an optional exponent; nothing before, nothing after.
bool is_decimal(std::string_view text) {
    if (!text.empty() && text.front() == '-') text.remove_prefix(1);
    std::string_view const whole = text;
    text = after_digits(text);
    std::size_t digits = whole.size() - text.size();
    if (!text.empty() && text.front() == '.') {
        std::string_view const fraction = text.substr(1);
        text = after_digits(fraction);
        digits += fraction.size() - text.size();
    }
    if (digits == 0) return false;
    if (text.empty()) return true;
    if (text.front() != 'e' && text.front() != 'E') return false;
    text.remove_prefix(1);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return !text.empty() && after_digits(text).empty();
}

bool is_nan_or_infinity(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    if (!text.empty() && text.front() == '.') text.remove_prefix(1);
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower == "nan" || lower == "inf" || lower == "infinity";
}

std::string described(IntegerRange range) {
    std::string const limits = range.high == IntegerRange{}.high
                                   ? fmt::format("of at least {}", range.low)
                                   : fmt::format("from {} to {}", range.low, range.high);
    return fmt::format("an integer {}{}{}", limits, range.or_word.empty() ? "" : ", or ",
                       range.or_word);
}

std::string described(Interval const& range) {
    std::string const low =
        range.low == -infinity
            ? ""
            : fmt::format(" {} {}", range.low_open ? "above" : "of at least", range.low);
    std::string const high =
        range.high == infinity
            ? ""
            : fmt::format(" {} {}", range.high_open ? "below" : "of at most", range.high);
    return "a finite number" + low + (low.empty() || high.empty() ? "" : " and") + high;
}

// What the value is instead of one plain word; "" when it is one.
std::string not_plain(Value const& value, std::string const& path) {
    switch (value.kind) {
        case Value::Kind::null:
            return path + " has no value";
        case Value::Kind::list:
            return path + " is a list";
        case Value::Kind::map:
            return path + " is a mapping";
        case Value::Kind::scalar:
            break;
    }
    return "";
}

// The same for a number, with what is wrong in how it is written.
std::string not_number(Value const& value, std::string const& path) {
    if (value.kind != Value::Kind::scalar) return not_plain(value, path);
    std::string const given = path + " = " + shown(value.text);
    if (!value.plain) return path + " = \"" + shown(value.text) + "\" is text in quotes";
    if (is_nan_or_infinity(value.text)) return given + " is not finite";
    if (has_leading_zero(value.text))
        return given + " has a leading zero, which YAML reads as octal";
    if (!is_decimal(value.text)) return given + " is not a number";
    return "";
}

}  // namespace

std::optional<std::int64_t> read_integer(Value const& value, std::string const& path,
                                         IntegerRange range, Problems& problems) {
    std::string const fault = not_number(value, path);
    std::int64_t number = 0;
    char const* const end = value.text.data() + value.text.size();
    auto const [stop, error] = std::from_chars(value.text.data(), end, number);
    bool const good = fault.empty() && error == std::errc{} && stop == end;
    if (good && number >= range.low && number <= range.high) return number;
    problems.add(value.place, fmt::format("{} (must be {})",
                                          fault.empty() ? path + " = " + shown(value.text) : fault,
                                          described(range)));
    return std::nullopt;
}

std::optional<double> read_number(Value const& value, std::string const& path,
                                  Interval const& range, Problems& problems) {
    std::string fault = not_number(value, path);
    double number = 0;
    if (fault.empty()) {
        char const* const end = value.text.data() + value.text.size();
        auto const [stop, error] = std::from_chars(value.text.data(), end, number);
        bool const good = error == std::errc{} && stop == end && std::isfinite(number);
        if (good && range.contains(number)) return number + 0.0;  // -0 becomes 0
        fault = path + " = " + shown(value.text);
        if (!good) fault += " does not fit a double";
    }
    problems.add(value.place, fmt::format("{} (must be {})", fault, described(range)));
    return std::nullopt;
}

std::optional<std::string> read_text(Value const& value, std::string const& path,
                                     Problems& problems) {
    // Escapes in quotes make what the file itself may not hold.
    bool const line = value.text.find_first_of("\n\r\t") == std::string::npos &&
                      first_bad_byte(value.text) == std::string::npos;
    if (value.kind == Value::Kind::scalar && !value.text.empty() && line) return value.text;
    std::string const fault = not_plain(value, path);
    problems.add(value.place,
                 (fault.empty() ? path + " is empty, or more than a line of text" : fault) +
                     " (must be a text)");
    return std::nullopt;
}

std::optional<std::size_t> read_word(Value const& value, std::string const& path,
                                     std::span<std::string_view const> words, Problems& problems,
                                     std::span<std::string_view const> unavailable) {
    std::string message = not_plain(value, path);
    std::string const allowed = words.size() == 1 ? std::string(words[0]) : joined(words);
    if (message.empty()) {
        auto const found = std::find(words.begin(), words.end(), value.text);
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
        auto const later = std::find(unavailable.begin(), unavailable.end(), value.text);
        if (later != unavailable.end()) {
            problems.add(value.place,
                         fmt::format("{}: {} is not available yet; use {}{}", path, *later,
                                     words.size() == 1 ? "" : "one of ", allowed));
            return std::nullopt;
        }
        message = path + " = " + shown(value.text);
    }
    std::string_view const meant = nearest(value.text, words);
    problems.add(
        value.place,
        fmt::format("{} ({} {}){}", message, words.size() == 1 ? "must be" : "must be one of",
                    allowed, meant.empty() ? "" : fmt::format(". Did you mean \"{}\"?", meant)));
    return std::nullopt;
}

Section::Section(Value const* map, Place const& parent, std::string_view path,
                 std::span<SectionRule const> rules, Problems& problems)
    : map_(map), place_(parent), path_(path), problems_(problems) {
    // A missing key is reported at the section's own key rather than at the first key in it.
    if (map_) place_ = map_->key_place.source ? map_->key_place : map_->place;
    if (map_ && map_->kind != Value::Kind::map) {
        std::string const fault = not_plain(*map_, path_);
        problems_.add(map_->place, (fault.empty() ? path_ + " = " + shown(map_->text) : fault) +
                                       " (must be a mapping)");
        map_ = nullptr;
    }
    check_keys(rules);
}

void Section::check_keys(std::span<SectionRule const> rules) {
    auto const own = std::find_if(rules.begin(), rules.end(),
                                  [&](SectionRule const& rule) { return rule.path == path_; });
    SG_EXPECT(own != rules.end());
    if (!map_) return;
    for (Value const& item : map_->items) {
        if (problems_.full()) return;
        auto const rule = std::find_if(own->keys.begin(), own->keys.end(),
                                       [&](KeyRule const& key) { return key.name == item.key; });
        if (rule == own->keys.end()) {
            report_unknown(item, *own, rules);
        } else if (Value const* first = find(item.key); first != &item) {
            problems_.add(item.key_place, fmt::format("{} is given twice (first in line {})",
                                                      path(item.key), first->key_place.line + 1));
        }
    }
}

void Section::report_unknown(Value const& item, SectionRule const& own,
                             std::span<SectionRule const> rules) const {
    std::vector<std::string_view> allowed;
    for (KeyRule const& key : own.keys) allowed.push_back(key.name);
    std::string meant(nearest(item.key, allowed));
    // The right key in the wrong section is the other common slip.
    for (SectionRule const& rule : rules)
        for (KeyRule const& key : rule.keys)
            if (key.name == item.key)
                meant = std::string(rule.path) + (rule.path.empty() ? "" : ".") + item.key;
    problems_.add(item.key_place,
                  fmt::format("{} is not a key of {} ({}){}",
                              item.key.empty() ? "this" : shown(path(item.key)),
                              path_.empty() ? "a study" : path_, joined(allowed),
                              meant.empty() ? "" : fmt::format(". Did you mean \"{}\"?", meant)));
}

Value const* Section::find(std::string_view key) const {
    if (!map_) return nullptr;
    auto const found = std::find_if(map_->items.begin(), map_->items.end(),
                                    [&](Value const& item) { return item.key == key; });
    return found == map_->items.end() ? nullptr : &*found;
}

Value const* Section::require(std::string_view key) const {
    Value const* value = find(key);
    if (!value) problems_.add(place_, path(key) + " is missing");
    return value;
}

Place Section::place(std::string_view key) const {
    Value const* value = find(key);
    return value ? value->place : place_;
}

std::string Section::path(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Section::integer(std::string_view key, int& out, IntegerRange range) const {
    SG_EXPECT(range.high <= std::numeric_limits<int>::max());
    if (Value const* value = find(key))
        if (auto number = read_integer(*value, path(key), range, problems_))
            out = static_cast<int>(*number);
}

void Section::number(std::string_view key, double& out, Interval const& range) const {
    if (Value const* value = find(key))
        if (auto number = read_number(*value, path(key), range, problems_)) out = *number;
}

void Section::text(std::string_view key, std::string& out) const {
    if (Value const* value = find(key))
        if (auto words = read_text(*value, path(key), problems_)) out = *words;
}

}  // namespace sg
