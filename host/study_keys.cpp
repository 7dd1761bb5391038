// SPDX-License-Identifier: MIT
#include "host/study_keys.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

// Access to one member as a double, whatever its type.
template <auto member>
double get_member(Variant const& variant) {
    return static_cast<double>(variant.*member);
}
template <auto member>
void set_member(Variant& variant, double x) {
    auto& target = variant.*member;
    target = static_cast<std::remove_reference_t<decltype(target)>>(x);
}

using Kind = VariantKey::Kind;
using Words = std::span<std::string_view const>;

template <auto member>
constexpr VariantKey key(std::string_view section, std::string_view name, Kind kind, Words words,
                         Interval range, std::string_view only = "") {
    return {section, name, kind, words, range, get_member<member>, set_member<member>, only};
}

constexpr Interval above_zero{.low = 0, .high = infinity, .low_open = true};
constexpr Interval up_to_quarter{.low = 0, .high = 0.25, .low_open = true};
constexpr Interval below_one{.low = 0, .high = 1, .high_open = true};

constexpr std::array keys{
    key<&Variant::activation>("model", "activation", Kind::word, activation_names, {}),
    key<&Variant::last_layer>("model", "last_layer", Kind::word, last_layer_names, {}),
    key<&Variant::output_scale>("model", "output_scale", Kind::number, {}, above_zero),
    key<&Variant::output_exponent>("model", "output_exponent", Kind::number, {}, {}),
    key<&Variant::parameterization>("model", "parameterization", Kind::word, parameterization_names,
                                    {}),
    key<&Variant::kappa>("model", "kappa", Kind::number, {}, above_zero, "uv"),
    key<&Variant::r>("model", "r", Kind::number, {}, up_to_quarter, "uv"),
    key<&Variant::loss>("training", "loss", Kind::word, loss_names, {}),
    key<&Variant::batch>("training", "batch", Kind::batch, {}, {}),
    key<&Variant::momentum>("training", "momentum", Kind::number, {}, below_one),
};

// One value as it is, several as a list.
std::string listed(std::vector<std::string> const& values) {
    SG_EXPECT(!values.empty());
    return values.size() == 1 ? values[0] : fmt::format("[{}]", fmt::join(values, ", "));
}

template <class T>
std::string listed(std::vector<T> const& numbers) {
    std::vector<std::string> texts;
    for (T const x : numbers) {
        if constexpr (std::is_integral_v<T>)
            texts.push_back(std::to_string(x));
        else
            texts.push_back(shortest(x));
    }
    return listed(texts);
}

// ", key: value" for each key of a section.
std::string variant_text(Study const& study, std::string_view section) {
    std::string text;
    for (VariantKey const& key : keys) {
        bool const absent = !key.only.empty() && key.get(study.variants.at(0)) == 0;
        if (key.section != section || absent) continue;
        std::set<double> values;
        for (Variant const& variant : study.variants) values.insert(key.get(variant));
        std::vector<std::string> texts;
        for (double const x : values) texts.push_back(printed(key, x));
        text += fmt::format(", {}: {}", key.name, listed(texts));
    }
    return text;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

// The section `data`; uv has none.
std::string data_text(DataSpec const& data) {
    if (data.set == uv_set) return "";
    std::string text = "set: " + data.set;
    if (!data.directory.empty()) text += ", directory: " + quoted(data.directory);
    if (data.set == "synthetic")
        text += fmt::format(", examples: {}, inputs: {}, classes: {}, seed: {}", data.examples,
                            data.inputs, data.classes, data.seed);
    return fmt::format("data: {{{}}}\n", text);
}

// 0 ... n-1 is written as n.
std::string seeds_text(std::vector<std::uint64_t> const& seeds) {
    SG_EXPECT(!seeds.empty());
    if (seeds.front() == 0 && seeds.back() == seeds.size() - 1) return std::to_string(seeds.size());
    return fmt::format("[{}]", fmt::join(seeds, ", "));
}

// ", spectrum: {...}", or nothing.
std::string spectrum_text(SpectrumSpec const& spec) {
    if (spec.steps.empty()) return "";
    std::string text = fmt::format("steps: [{}]", fmt::join(spec.steps, ", "));
    if (spec.top > 0) text += fmt::format(", top: {}", spec.top);
    if (spec.smallest) text += ", smallest: true";
    if (spec.probes > 0)
        text += fmt::format(", density: {{probes: {}, order: {}}}", spec.probes, spec.order);
    return fmt::format(", spectrum: {{{}}}", text);
}

std::string sharpness_text(Study const& study) {
    SharpnessSpec const& spec = study.sharpness;
    std::string when;  // nothing: where a search needs it
    if (!spec.at.empty()) when = fmt::format("at: [{}], ", fmt::join(spec.at, ", "));
    if (spec.at.empty() && spec.every > 0) when = fmt::format("every: {}, ", spec.every);
    std::string const iterate = study.tf32() ? "iterate: tf32, " : "";  // older studies do not have it
    return fmt::format(
        "method: {}, tolerance: {}, examples: {}, iterations: {}, {}{}protocol: {}, c_sharp_margin: {}{}",
        sharpness_method_names[static_cast<std::size_t>(spec.method)], shortest(spec.tolerance),
        spec.examples, spec.iterations, iterate, when,
        protocol_names[static_cast<std::size_t>(spec.protocol)],
        spec.c_sharp_margin < 0 ? "auto" : shortest(spec.c_sharp_margin), spectrum_text(study.spectrum));
}

std::string c_text(Study const& study) {
    if (!study.search) return listed(study.c);
    SearchSpec const& s = *study.search;
    return fmt::format("{{search: true, log2_min: {}, log2_max: {}, step: {}, resolution: {}}}",
                       shortest(s.log2_min), shortest(s.log2_max), shortest(s.step),
                       shortest(s.resolution));
}

}  // namespace

std::span<VariantKey const> variant_keys() { return keys; }

std::string printed(VariantKey const& key, double x) {
    if (key.kind == Kind::word) return std::string(key.words[static_cast<std::size_t>(x)]);
    if (key.kind == Kind::number) return shortest(x);
    // Integers in digits alone: 100000 and not 1e+05, which would not be read back.
    return x == 0 ? "full" : std::to_string(static_cast<std::int64_t>(x));
}

std::string shortest(double x) {
    std::array<char, 32> buffer{};
    auto const [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x);
    SG_EXPECT(error == std::errc{});
    return {buffer.data(), end};
}

std::string resolved_yaml(Study const& study) {
    return fmt::format(
        "study: {}\n"
        "{}"
        "model: {{kind: {}, depth: {}, width: {}{}}}\n"
        "training: {{steps: {}{}}}\n"
        "grid: {{c: {}, seeds: {}}}\n"
        "sharpness: {{{}}}\n",
        quoted(study.name), data_text(study.data), study.model, listed(study.depth),
        listed(study.width), variant_text(study, "model"), study.steps,
        variant_text(study, "training") + (study.barrier ? ", barrier: true" : ""), c_text(study), seeds_text(study.seeds),
        sharpness_text(study));
}

}  // namespace sg
