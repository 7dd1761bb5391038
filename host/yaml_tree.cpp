// SPDX-License-Identifier: MIT
#include "host/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace sg {
namespace {

// Aliases of aliases, or of long texts, can stand for more than any memory holds.
constexpr std::int64_t most_values = 500'000;
constexpr int most_documents = 100;              // yaml-cpp finds them without end in ",a:"
constexpr std::ptrdiff_t deepest_override = 16;  // keys

// How many values; a long text is as many as would take its memory.
std::int64_t count(Value const& value) {
    auto total =
        static_cast<std::int64_t>(1 + (value.text.size() + value.key.size()) / sizeof(Value));
    for (Value const& item : value.items) total += count(item);
    return total;
}

// Turns yaml-cpp's events into a Value. Throws yaml-cpp's exception where it must stop.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(Source const& source, Place first) : source_(source), first_(first) {}

    int documents = 0;
    std::optional<Value> root;

    Place place(YAML::Mark const& mark) const {
        if (mark.is_null()) return {&source_, -1, 0};
        return {&source_, mark.line + first_.line,
                mark.column + (mark.line == 0 ? first_.column : 0)};
    }

    void OnDocumentStart(YAML::Mark const&) override { ++documents; }
    void OnDocumentEnd() override {}
    void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        finish(make(mark, Value::Kind::null), anchor);
    }
    void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  std::string const& text) override {
        Value value = make(mark, Value::Kind::scalar);
        value.text = text;
        value.plain = tag != "!";  // how yaml-cpp marks a quoted scalar
        finish(std::move(value), anchor);
    }
    void OnSequenceStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.push_back({make(mark, Value::Kind::list), anchor, {}});
    }
    void OnMapStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open_.push_back({make(mark, Value::Kind::map), anchor, {}});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapEnd() override { close(); }
    void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
        auto const found = anchors_.find(anchor);
        if (found == anchors_.end())
            throw YAML::ParserException(mark, "an alias stands inside of what it names");
        spend(mark, count(found->second));
        finish(Value(found->second), 0);
    }

private:
    struct Open {
        Value value;
        YAML::anchor_t anchor = 0;
        std::optional<Value> key;  // read, its value not yet
    };

    void spend(YAML::Mark const& mark, std::int64_t values) {
        values_ += values;
        if (values_ > most_values)
            throw YAML::ParserException(mark, fmt::format("more than {} values", most_values));
    }

    Value make(YAML::Mark const& mark, Value::Kind kind) {
        spend(mark, 1);
        Value value;
        value.kind = kind;
        value.place = place(mark);
        return value;
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        finish(std::move(done.value), done.anchor);
    }

    void finish(Value value, YAML::anchor_t anchor) {
        if (anchor != 0) {
            spend(YAML::Mark::null_mark(), count(value));  // nested anchors copy what is in them
            anchors_[anchor] = value;
        }
        if (open_.empty()) {
            if (!root) root = std::move(value);
            return;
        }
        Open& parent = open_.back();
        if (parent.value.kind == Value::Kind::map && !parent.key) {
            parent.key = std::move(value);
            return;
        }
        if (parent.key) {
            bool const word = parent.key->kind == Value::Kind::scalar;
            value.key = word ? std::move(parent.key->text) : "";
            value.key_place = parent.key->place;
            // yaml-cpp places what is absent at the next token, often on another line
            if (value.kind == Value::Kind::null) value.place = value.key_place;
            parent.key.reset();
        }
        parent.value.items.push_back(std::move(value));
    }

    Source const& source_;
    Place first_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Value> anchors_;
    std::int64_t values_ = 0;
};

// Parses the part of the source that begins at byte `begin`, which is on its first line.
std::optional<Value> parse_from(Source const& source, std::size_t begin, Problems& problems) {
    TreeBuilder builder(source, {&source, 0, static_cast<int>(begin)});
    if (std::size_t const bad = first_bad_byte(source.text); bad != std::string::npos) {
        problems.add(place_of(source, bad),
                     fmt::format("byte 0x{:02x} is not text; a study is a YAML file in UTF-8",
                                 static_cast<unsigned char>(source.text[bad])));
        return std::nullopt;
    }
    try {
        std::istringstream stream(source.text.substr(begin));
        YAML::Parser parser(stream);
        while (builder.documents < most_documents && parser.HandleNextDocument(builder)) {
        }
    } catch (YAML::Exception const& error) {
        problems.add(builder.place(error.mark), "this is not YAML: " + error.msg);
        return std::nullopt;
    }
    if (builder.documents > 1) {
        problems.add(
            {&source, -1, 0},
            fmt::format("{} documents in one file; a study is a single one", builder.documents));
        return std::nullopt;
    }
    return std::move(builder.root);
}

// The value under the key, made (empty, a mapping to be) when absent.
Value& child(Value& parent, std::string const& key, Place const& place) {
    if (parent.kind != Value::Kind::map) {
        parent.kind = Value::Kind::map;
        parent.items.clear();
        parent.place = place;
    }
    auto const found = std::find_if(parent.items.begin(), parent.items.end(),
                                    [&](Value const& item) { return item.key == key; });
    if (found != parent.items.end()) return *found;
    Value& made = parent.items.emplace_back();
    made.key = key;
    made.place = made.key_place = place;
    return made;
}

}  // namespace

std::optional<Value> parse_yaml(Source const& source, Problems& problems) {
    return parse_from(source, 0, problems);
}

void apply_override(Value& root, Source const& argument, Problems& problems) {
    std::string const& text = argument.text;
    std::size_t const equals = text.find('=');
    std::string const path = text.substr(0, equals);
    bool const broken = path.empty() || path.front() == '.' || path.back() == '.' ||
                        path.find("..") != std::string::npos ||
                        std::count(path.begin(), path.end(), '.') >= deepest_override;
    if (equals == std::string::npos || broken) {
        problems.add({&argument, 0, 0}, "\"" + shown(text) +
                                            "\" is not of the form key.path=value, such as "
                                            "training.steps=20");
        return;
    }
    std::size_t const before = problems.count();
    std::optional<Value> value = parse_from(argument, equals + 1, problems);
    if (problems.count() > before) return;
    if (!value) value = Value{};
    if (!value->place.source) value->place = {&argument, 0, static_cast<int>(equals + 1)};
    Value* at = &root;
    for (std::size_t begin = 0; begin <= path.size();) {
        std::size_t const end = std::min(path.find('.', begin), path.size());
        at = &child(*at, path.substr(begin, end - begin), {&argument, 0, static_cast<int>(begin)});
        begin = end + 1;
    }
    value->key = at->key;
    value->key_place = {&argument, 0, static_cast<int>(path.rfind('.') + 1)};
    *at = std::move(*value);
}

}  // namespace sg
