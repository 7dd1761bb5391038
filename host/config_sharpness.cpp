// SPDX-License-Identifier: MIT
#include "host/config_sharpness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cuda/sharpness/extremes.hpp"

namespace sg {
namespace {

constexpr Interval inside_unit{.low = 0, .high = 1, .low_open = true, .high_open = true};

// What `protocol: published` fixes.
void set_published(SharpnessSpec& spec) {
    spec.method = SharpnessMethod::power;
    spec.iterations = 20;
    spec.examples = 4096;
}

std::vector<int> read_steps(Value const& list, std::string const& path, int last, Problems& problems) {
    return read_list<int>(list, path, problems, [&](Value const& item) {
        auto const step = read_integer(item, path, {0, last}, problems);
        return step ? std::optional(static_cast<int>(*step)) : std::nullopt;
    });
}

SpectrumSpec read_spectrum(Section const& sharpness, std::span<SectionRule const> rules, int steps) {
    SpectrumSpec spec;
    Problems& problems = sharpness.problems();
    Value const* value = sharpness.find("spectrum");
    if (!value) return spec;
    Section const section(value, sharpness.place("spectrum"), "sharpness.spectrum", rules, problems);
    if (Value const* chosen = section.require("steps"))
        spec.steps = read_steps(*chosen, section.path("steps"), steps, problems);
    section.integer("top", spec.top, {1, most_extremes});
    section.word("smallest", spec.smallest, no_yes);
    if (Value const* density = section.find("density")) {
        Section const quadrature(density, section.place("density"), section.path("density"), rules,
                                 problems);
        spec.probes = 4;
        spec.order = 64;
        quadrature.integer("probes", spec.probes, {1, 1000});
        quadrature.integer("order", spec.order, {2, 1000});
    }
    if (spec.top == 0 && !spec.smallest && spec.probes == 0)
        problems.add(value->place,
                     "sharpness.spectrum measures nothing; give top, smallest: true or density");
    return spec;
}

}  // namespace

void read_sharpness(Section const& section, std::span<SectionRule const> rules, Study& study) {
    SharpnessSpec& spec = study.sharpness;
    study.spectrum = read_spectrum(section, rules, study.steps);
    section.word("protocol", spec.protocol, protocol_names);
    if (study.published()) set_published(spec);
    section.word("method", spec.method, sharpness_method_names);
    section.number("tolerance", spec.tolerance, inside_unit);
    section.integer("examples", spec.examples, any_count);
    section.integer("iterations", spec.iterations, {1, 1'000'000});
    section.word("iterate", spec.iterate, iterate_names);
    if (study.tf32() && spec.method != SharpnessMethod::lanczos)
        section.problems().add(
            section.place("iterate"),
            fmt::format("sharpness.iterate = tf32 is for method lanczos, which ends with a product in "
                        "float, not for {}; leave it out",
                        study.published() ? "protocol published"
                                          : fmt::format("method {}", sharpness_method_names[static_cast<std::size_t>(spec.method)])));
    if (study.search) spec.every = 0;
    section.integer("every", spec.every, any_steps);
    Value const* margin = section.find("c_sharp_margin");
    if (margin && margin->text != "auto")
        section.number("c_sharp_margin", spec.c_sharp_margin, {.low = 0});
    Value const* at = section.find("at");
    if (!at) return;
    spec.at = read_steps(*at, "sharpness.at", study.steps, section.problems());
    if (!spec.at.empty() && spec.at.front() != 0) spec.at.insert(spec.at.begin(), 0);
    if (section.find("every"))
        section.problems().add(at->key_place,
                               "sharpness.at and sharpness.every exclude each other");
}

// `every` and `at` do not contradict it: the batch that they leave out trains nothing either.
void check_published(Study const& study, Section const& training, Section const& sharpness) {
    if (!study.published()) return;
    Problems& problems = sharpness.problems();
    if (study.model == "uv")
        return problems.add(
            sharpness.place("protocol"),
            "sharpness.protocol must be fixed for kind uv, which has no mini-batches");
    SharpnessSpec own = study.sharpness;
    set_published(own);
    auto const refuse = [&](std::string_view key, bool wrong, std::string const& must) {
        if (wrong)
            problems.add(sharpness.place(key), fmt::format("{} must be {} with protocol published; "
                                                           "leave it out, or take protocol fixed",
                                                           sharpness.path(key), must));
    };
    refuse("method", study.sharpness.method != own.method, "power");
    refuse("iterations", study.sharpness.iterations != own.iterations, "20");
    refuse("examples", study.sharpness.examples != own.examples,
           "4096 (those of λ₀; all where the data set has fewer)");
    if (std::ranges::any_of(study.variants, [](Variant const& v) { return v.batch == 0; }))
        problems.add(training.place("batch"),
                     "training.batch: full has no mini-batch that could be set aside for the "
                     "sharpness; give a number, or take protocol fixed");
    if (!study.spectrum.steps.empty())
        problems.add(sharpness.place("spectrum"),
                     "sharpness.spectrum needs the same examples at every step; leave it out, or "
                     "take protocol fixed");
}

}  // namespace sg
