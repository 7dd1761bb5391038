// SPDX-License-Identifier: MIT
#include "host/config_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/nets/uv.hpp"
#include "host/study_keys.hpp"

namespace sg {
namespace {

// The output file holds the resolved study as text, every value of c and of a swept key in it.
constexpr double most_values = 1e5;

// Values of c: a list, or first + k·step in log2 for k < count.
struct CAxis {
    std::optional<SearchSpec> search;
    std::vector<double> list;
    double first = 0, step = 0;
    double count = 0;  // a double: it may be absurd until it has been checked
};

// Values of one key of the table: at least one.
using Levels = std::vector<double>;

// What the keys are when they are not given. All that makes uv a network of another kind is fixed.
Variant defaults_of(std::string_view model) {
    Variant variant;
    if (model != "uv") return variant;
    FcnSpec const spec = uv_spec(1);
    variant.activation = spec.activation;
    variant.parameterization = spec.parameterization;
    variant.batch = 0;
    return variant;
}

// Whether a key has but one value in a model.
bool is_fixed(VariantKey const& key, std::string_view model) {
    return model == "uv" && key.only.empty() && key.name != "momentum";
}

Levels read_levels(VariantKey const& key, Section const& section, std::string const& model) {
    Value const* value = section.find(key.name);
    Levels const fallback{key.get(defaults_of(model))};
    if (!value) return fallback;
    std::string const path = section.path(key.name);
    Problems& problems = section.problems();
    if (!key.only.empty() && key.only != model) {
        problems.add(value->key_place, fmt::format("{} has no meaning for kind {}", path, model));
        return fallback;
    }
    Levels levels =
        read_list<double>(*value, path, problems, [&](Value const& item) -> std::optional<double> {
            if (key.kind == VariantKey::Kind::number)
                return read_number(item, path, key.range, problems);
            if (key.kind == VariantKey::Kind::word) {
                auto const code = read_word(item, path, key.words, problems);
                return code ? std::optional(static_cast<double>(*code)) : std::nullopt;
            }
            if (item.text == "full") return 0.0;
            auto const size = read_integer(item, path, {1, 1'000'000'000, "full"}, problems);
            return size ? std::optional(static_cast<double>(*size)) : std::nullopt;
        });
    if (is_fixed(key, model) && !levels.empty() && levels != fallback)
        problems.add(value->place, fmt::format("{} must be {} for kind {}; leave it out", path,
                                               printed(key, fallback[0]), model));
    return levels.empty() ? fallback : levels;
}

// How a search reads the same mapping; its list is the coarse grid.
CAxis read_search(Section const& range, bool barrier) {
    SearchSpec spec;
    std::size_t const before = range.problems().count();
    for (char const* key : {"log2_min", "log2_max"}) range.require(key);
    Interval const exponent{.low = -1000, .high = 1000};
    range.number("log2_min", spec.log2_min, exponent);
    range.number("log2_max", spec.log2_max, exponent);
    range.number("step", spec.step, {.low = 1e-3});
    range.number("resolution", spec.resolution, {.low = 1e-6});
    if (range.problems().count() > before) return {};
    if (spec.log2_min >= spec.log2_max) {
        range.problems().add(range.place("log2_max"),
                             fmt::format("grid.c.log2_max = {} (must be above grid.c.log2_min = {})",
                                         spec.log2_max, spec.log2_min));
        return {};
    }
    Search const search(spec, barrier);
    return {spec, search.coarse(), 0, 0, static_cast<double>(search.most_networks())};
}

CAxis read_c_range(Value const& value, Section const& grid, std::span<SectionRule const> rules,
                   bool barrier) {
    Problems& problems = grid.problems();
    Section const range(&value, grid.place("c"), "grid.c", rules, problems);
    bool search = false;
    range.word("search", search, no_yes);
    if (search) return read_search(range, barrier);
    std::size_t const before = problems.count();
    if (range.find("resolution"))
        problems.add(range.place("resolution"), "grid.c.resolution belongs to a search (search: true)");
    double low = 0, high = 0, step = 0;
    // 2^±1000 are doubles; steps are resolved to 1e-12.
    Interval const exponent{.low = -1000, .high = 1000};
    for (char const* key : {"log2_min", "log2_max", "step"}) range.require(key);
    range.number("log2_min", low, exponent);
    range.number("log2_max", high, exponent);
    range.number("step", step, {.low = 1e-6});
    if (problems.count() > before) return {};
    if (low > high) {
        problems.add(range.place("log2_max"),
                     fmt::format("grid.c.log2_max = {} is below grid.c.log2_min = {}", high, low));
        return {};
    }
    return {{}, {}, low, step, std::floor((high - low) / step + 1e-9) + 1};
}

CAxis read_c(Section const& grid, std::span<SectionRule const> rules, bool barrier) {
    Value const* value = grid.require("c");
    if (!value) return {};
    if (value->kind == Value::Kind::map) return read_c_range(*value, grid, rules, barrier);
    CAxis axis;
    axis.list = read_list<double>(*value, "grid.c", grid.problems(), [&](Value const& item) {
        return read_number(item, "grid.c", {.low = 0, .low_open = true}, grid.problems());
    });
    axis.count = static_cast<double>(axis.list.size());
    return axis;
}

std::vector<double> laid_out(CAxis const& axis) {
    std::vector<double> c = axis.list;
    for (int k = 0; c.size() < static_cast<std::size_t>(axis.count); ++k) {
        // Rounded, so that 0 + 20·0.05 is the 1 of another notation and gives the same digest.
        double const exponent = std::round((axis.first + k * axis.step) * 1e12) / 1e12;
        c.push_back(std::exp2(exponent));
    }
    return c;
}

// The seeds of a list; of `seeds: n` the number n alone.
double read_seeds(Section const& grid, std::vector<std::uint64_t>& seeds) {
    Value const* value = grid.find("seeds");
    if (!value) return 1;
    if (value->kind != Value::Kind::list) {
        auto const count = read_integer(*value, "grid.seeds", {1}, grid.problems());
        return count ? static_cast<double>(*count) : 1;
    }
    seeds = read_list<std::uint64_t>(*value, "grid.seeds", grid.problems(), [&](Value const& item) {
        auto const seed = read_integer(item, "grid.seeds", {0}, grid.problems());
        return seed ? std::optional(static_cast<std::uint64_t>(*seed)) : std::nullopt;
    });
    return static_cast<double>(seeds.size());
}

// Positions in variant_keys() of those with several levels, in the order of the file.
std::vector<std::size_t> swept_keys(Value const& root, std::vector<Levels> const& levels) {
    std::vector<std::size_t> order;
    for (Value const& section : root.items)
        for (Value const& item : section.items)
            for (std::size_t k = 0; k < levels.size(); ++k) {
                VariantKey const& key = variant_keys()[k];
                bool const here = key.section == section.key && key.name == item.key;
                if (here && levels[k].size() > 1) order.push_back(k);
            }
    return order;
}

void lay_out_variants(std::vector<Levels> const& levels, std::vector<std::size_t> const& swept,
                      Study& study) {
    Variant base;
    for (std::size_t k = 0; k < levels.size(); ++k) variant_keys()[k].set(base, levels[k][0]);
    study.variants = {base};
    for (std::size_t const k : swept) {
        VariantKey const& key = variant_keys()[k];
        study.swept.push_back({std::string(key.name), {key.words.begin(), key.words.end()}});
        std::vector<Variant> product;
        for (Variant const& variant : study.variants)
            for (double const level : levels[k]) {
                key.set(product.emplace_back(variant), level);
                product.back().swept.push_back(level);
            }
        study.variants = std::move(product);
    }
}

// Settings that the mathematics does not define (DESIGN, section 4).
void check_variants(Study const& study, Section const& model) {
    bool scaled = false, exponent = false, half_start = false;
    for (Variant const& variant : study.variants) {
        bool const standard = variant.parameterization == Parameterization::standard;
        scaled |= variant.last_layer == LastLayer::scaled && !standard;
        exponent |=
            variant.output_exponent != 0 && variant.parameterization == Parameterization::mup;
        half_start |= (variant.kappa == 0) != (variant.r == 0);
    }
    if (half_start)
        model.problems().add(model.place(model.find("kappa") ? "kappa" : "r"),
                             "model.kappa and model.r belong together: give both, or neither, and "
                             "u and v are as they are drawn from N(0, 1)");
    if (scaled)
        model.problems().add(
            model.place("last_layer"),
            "model.last_layer: scaled needs parameterization standard; with ntk and "
            "mup use standard or zero");
    if (exponent)
        model.problems().add(model.place("output_exponent"),
                             "model.output_exponent must be 0 with parameterization mup, which "
                             "divides the output by the square root of the width itself");
}

// Refuses what is too large to be laid out.
bool too_large(CAxis const& c, double seeds, std::vector<Levels> const& levels,
               Section const& model, Section const& grid, Study const& study) {
    double variants = 1;
    for (Levels const& level : levels) variants *= static_cast<double>(level.size());
    double networks = std::max(1.0, c.count) * std::max(1.0, seeds) * variants;
    for (std::size_t const size : {study.depth.size(), study.width.size()})
        networks *= static_cast<double>(std::max<std::size_t>(1, size));
    auto const check = [&](double count, double most, Place const& place, std::string const& what) {
        if (count > most)
            grid.problems().add(place,
                                fmt::format("the grid has {:.3g} {} (must be at most {:.0e}); "
                                            "make it coarser or split the study",
                                            count, what, most));
        return count > most;
    };
    return check(networks, most_networks, c.count > seeds ? grid.place("c") : grid.place("seeds"),
                 "networks") ||
           check(c.count, most_values, grid.place("c"), "values of c") ||
           check(seeds, most_values, grid.place("seeds"), "seeds") ||
           check(variants, most_values, model.place("kind"), "settings of swept keys");
}

}  // namespace

void read_grid(Value const& root, Section const& model, Section const& training,
               Section const& grid, std::span<SectionRule const> rules, Study& study) {
    std::vector<Levels> levels;
    for (VariantKey const& key : variant_keys())
        levels.push_back(
            read_levels(key, key.section == "model" ? model : training, study.model));
    CAxis const c = read_c(grid, rules, study.barrier);
    double const seeds = read_seeds(grid, study.seeds);
    if (too_large(c, seeds, levels, model, grid, study)) return;
    study.search = c.search;
    study.c = c.search ? c.list : laid_out(c);
    for (std::uint64_t seed = 0; study.seeds.size() < static_cast<std::size_t>(seeds); ++seed)
        study.seeds.push_back(seed);
    lay_out_variants(levels, swept_keys(root, levels), study);
    check_variants(study, model);
}

}  // namespace sg
