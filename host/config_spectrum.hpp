// SPDX-License-Identifier: MIT
// The key sharpness.spectrum of a study.
#pragma once

#include <span>

#include "host/study.hpp"
#include "host/yaml_reader.hpp"

namespace sg {

// steps: of the study, T
SpectrumSpec read_spectrum(Section const& sharpness, std::span<SectionRule const> rules, int steps);

}  // namespace sg
