// SPDX-License-Identifier: MIT
// The section `sharpness` of a study.
#pragma once

#include <span>

#include "host/study.hpp"
#include "host/yaml_reader.hpp"

namespace sg {

constexpr IntegerRange any_count{1, 1'000'000'000};
constexpr IntegerRange any_steps{1, 100'000'000};

// After the steps of the study are known.
void read_sharpness(Section const& section, std::span<SectionRule const> rules, Study& study);

// What contradicts `protocol: published`; after all else was read.
void check_published(Study const& study, Section const& training, Section const& sharpness);

}  // namespace sg
