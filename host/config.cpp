// SPDX-License-Identifier: MIT
// The schema of a study.
#include "host/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>

#include "cuda/exec/error.hpp"
#include "cuda/nets/uv.hpp"
#include "host/config_grid.hpp"
#include "host/config_sharpness.hpp"
#include "host/digest.hpp"
#include "host/study_keys.hpp"
#include "host/yaml_reader.hpp"

namespace sg {
namespace {

constexpr std::size_t largest_file = 1 << 20;  // a study is written by hand
constexpr std::size_t largest_text = 1 << 23;  // a resolved one has every value of c

constexpr IntegerRange any_depth{1, 1'000};
constexpr IntegerRange any_width{1, 1'000'000};

std::vector<SectionRule> const& schema() {
    static std::vector<SectionRule> const rules{
        {"", {{"study"}, {"data"}, {"model"}, {"training"}, {"grid"}, {"sharpness"}, {"output"}}},
        {"data", {{"set"}, {"directory"}, {"examples"}, {"inputs"}, {"classes"}, {"seed"}}},
        {"model",
         {{"kind"},
          {"depth"},
          {"width"},
          {"activation"},
          {"last_layer"},
          {"output_scale"},
          {"output_exponent"},
          {"parameterization"},
          {"kappa"},
          {"r"}}},
        {"training", {{"loss"}, {"batch"}, {"steps"}, {"momentum"}, {"barrier"}}},
        {"grid", {{"c"}, {"seeds"}}},
        {"grid.c",
         {{"log2_min"},
          {"log2_max"},
          {"step"},
          {"search"},
          {"resolution"}}},
        {"sharpness",
         {{"method"},
          {"tolerance"},
          {"examples"},
          {"iterations"},
          {"every"},
          {"at"},
          {"protocol"},
          {"c_sharp_margin"},
          {"spectrum"},
          {"iterate"}}},
        {"sharpness.spectrum", {{"steps"}, {"top"}, {"smallest"}, {"density"}}},
        {"sharpness.spectrum.density", {{"probes"}, {"order"}}},
        {"output", {{"file"}}}};
    return rules;
}

constexpr std::array<std::string_view, 3> set_names{"fashion-mnist", "mnist", "synthetic"};
constexpr std::array<std::string_view, 1> later_sets{"cifar-10"};
constexpr std::array<std::string_view, 2> model_names{"fcn", "uv"};
constexpr std::array<std::string_view, 2> later_models{"cnn", "resnet"};

using Words = std::span<std::string_view const>;

// A word of a list that has some entries which are still to come.
void read_growing(Section const& section, std::string_view key, Words words, Words later,
                  std::string& out) {
    if (Value const* value = section.find(key))
        if (auto index = read_word(*value, section.path(key), words, section.problems(), later))
            out = words[*index];
}

void read_name(Section const& root, std::string& name) {
    Value const* value = root.require("study");
    if (!value) return;
    auto const text = read_text(*value, "study", root.problems());
    if (!text) return;
    if (text->size() > 100 || text->find('/') != std::string::npos || text->front() == '.')
        root.problems().add(value->place, "study = " + shown(*text) +
                                              " (must be at most 100 bytes without a slash, and "
                                              "not begin with a dot: it names the output file)");
    name = *text;
}

void read_data(Section const& section, DataSpec& data) {
    read_growing(section, "set", set_names, later_sets, data.set);
    section.text("directory", data.directory);
    section.integer("examples", data.examples, any_count);
    section.integer("inputs", data.inputs, {1, 1'000'000});
    section.integer("classes", data.classes, {2, 10'000});
    if (Value const* seed = section.find("seed"))
        if (auto number = read_integer(*seed, "data.seed", {0}, section.problems()))
            data.seed = static_cast<std::uint64_t>(*number);
    bool const synthetic = data.set == "synthetic";
    for (char const* key : {"directory", "examples", "inputs", "classes", "seed"}) {
        Value const* value = section.find(key);
        if (value && synthetic == (std::string_view(key) == "directory"))
            section.problems().add(value->key_place, fmt::format("{} has no meaning for set {}",
                                                                 section.path(key), data.set));
    }
    double const values = static_cast<double>(data.examples) * data.inputs;
    if (synthetic && values > 4e9)
        section.problems().add(section.place("examples"),
                               fmt::format("data.examples * data.inputs = {:.3g} (must be at most "
                                           "4e9)",
                                           values));
}

std::vector<int> read_sizes(Section const& section, std::string_view key, IntegerRange range) {
    Value const* value = section.require(key);
    if (!value) return {};
    std::string const path = section.path(key);
    return read_list<int>(*value, path, section.problems(), [&](Value const& item) {
        auto const size = read_integer(item, path, range, section.problems());
        return size ? std::optional(static_cast<int>(*size)) : std::nullopt;
    });
}

// The model uv has its own depth and its own example.
void read_uv(Section const& top, Section const& model, Section const& sharpness, Study& study) {
    study.depth = {uv_spec(1).depth};
    study.data.set = uv_set;
    study.sharpness.examples = 1;
    Problems& problems = top.problems();
    if (Value const* data = top.find("data"))
        problems.add(data->key_place,
                     "data has no meaning for kind uv, whose one example is x = 1 with target 0; "
                     "leave it out");
    if (model.find("depth") && read_sizes(model, "depth", any_depth) != study.depth)
        problems.add(model.place("depth"), "model.depth must be 2 for kind uv; leave it out");
    Value const* examples = sharpness.find("examples");
    if (examples && examples->text != "1")
        problems.add(examples->place,
                     "sharpness.examples must be 1 for kind uv; leave it out");
}

// What the examples of a synthetic set must suffice for; those of a real one are counted later.
void check_examples(Study const& study, Section const& data, Section const& training,
                    Section const& sharpness) {
    if (study.data.set != "synthetic") return;
    auto check = [&](Section const& section, std::string_view key, int wanted) {
        if (wanted <= study.data.examples) return;
        Place const place = section.find(key) ? section.place(key) : data.place("examples");
        data.problems().add(place, fmt::format("{} = {} is more than data.examples = {}",
                                               section.path(key), wanted, study.data.examples));
    };
    if (!study.published()) check(sharpness, "examples", study.sharpness.examples);
    int batch = 0;
    for (Variant const& variant : study.variants) batch = std::max(batch, variant.batch);
    check(training, "batch", batch);
}

void read_root(Value const& root, Place const& whole, Problems& problems, Study& study) {
    Section const top(&root, whole, "", schema(), problems);
    auto section = [&](std::string_view name) {
        return Section(top.find(name), whole, name, schema(), problems);
    };
    Section const data = section("data"), model = section("model"), training = section("training"),
                  grid = section("grid"), sharpness = section("sharpness"),
                  output = section("output");
    read_name(top, study.name);
    read_growing(model, "kind", model_names, later_models, study.model);
    training.integer("steps", study.steps, any_steps);
    training.word("barrier", study.barrier, no_yes);
    if (study.model == "uv") {
        read_uv(top, model, sharpness, study);
    } else {
        read_data(data, study.data);
        study.depth = read_sizes(model, "depth", any_depth);
    }
    study.width = read_sizes(model, "width", any_width);
    read_grid(root, model, training, grid, schema(), study);
    read_sharpness(sharpness, schema(), study);
    check_published(study, training, sharpness);
    check_examples(study, data, training, sharpness);
    study.output_file = study.name + ".h5";
    output.text("file", study.output_file);
}

std::string file_text(std::string const& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw UserError(path + " is a directory; a study is a YAML file");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw UserError(path + ": " + std::strerror(errno));
    std::string text(largest_file + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) throw UserError(path + ": " + std::strerror(errno));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > largest_file)
        throw UserError(fmt::format("{}: more than {} bytes; a study is a small YAML file", path,
                                    largest_file));
    return text;
}

}  // namespace

Study read_study(std::string const& path, std::vector<std::string> const& overrides) {
    return parse_study(file_text(path), path, overrides);
}

Study parse_study(std::string const& text, std::string const& name,
                  std::vector<std::string> const& overrides) {
    if (text.size() > largest_text)
        throw UserError(fmt::format("{}: a study of more than {} bytes", name, largest_text));
    Source const source{name, text};
    std::deque<Source> arguments;  // places point into it
    Problems problems;
    std::optional<Value> root = parse_yaml(source, problems);
    problems.raise_if_any();
    Place const whole{&source, -1, 0};
    if (!root || root->kind != Value::Kind::map)
        problems.add(root && root->place.source ? root->place : whole,
                     root ? "a study is a mapping of keys to values (study, data, model, ...)"
                          : "the file is empty; a study needs study, model.depth, model.width and "
                            "grid.c");
    problems.raise_if_any();
    for (std::string const& argument : overrides)
        apply_override(*root, arguments.emplace_back(Source{"--set", argument, false}), problems);
    Study study;
    read_root(*root, whole, problems, study);
    problems.raise_if_any();
    study.yaml_given = text;
    study.yaml_resolved = resolved_yaml(study);
    study.digest = sha256_hex(study.yaml_resolved);
    return study;
}

}  // namespace sg
