// SPDX-License-Identifier: MIT
#include "host/config_spectrum.hpp"

#include "cuda/sharpness/extremes.hpp"

namespace sg {

SpectrumSpec read_spectrum(Section const& sharpness, std::span<SectionRule const> rules, int steps) {
    SpectrumSpec spec;
    Problems& problems = sharpness.problems();
    Value const* value = sharpness.find("spectrum");
    if (!value) return spec;
    Section const section(value, sharpness.place("spectrum"), "sharpness.spectrum", rules, problems);
    std::string const path = section.path("steps");
    if (Value const* chosen = section.require("steps"))
        spec.steps = read_list<int>(*chosen, path, problems, [&](Value const& item) {
            auto const step = read_integer(item, path, {0, steps}, problems);
            return step ? std::optional(static_cast<int>(*step)) : std::nullopt;
        });
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

}  // namespace sg
