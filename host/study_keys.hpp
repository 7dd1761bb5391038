// SPDX-License-Identifier: MIT
// The keys that make a Variant, in one table: reading, sweeping and printing follow from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/study.hpp"
#include "host/yaml_reader.hpp"

namespace sg {

struct VariantKey {
    enum class Kind : std::uint8_t { word, number, batch };
    std::string_view section, name;
    Kind kind;
    std::span<std::string_view const> words;  // of a word: the names of the codes 0, 1, ...
    Interval range;                           // of a number
    double (*get)(Variant const&);            // the number, or the code of the word
    void (*set)(Variant&, double);
    std::string_view only;  // the model kind that alone has the key, where 0 stands for its absence
};

// In the order of the canonical text.
std::span<VariantKey const> variant_keys();

// A value as the configuration has it.
std::string printed(VariantKey const& key, double x);

// The shortest text that reads back as the same double.
std::string shortest(double x);

// The canonical text: every key that matters with its value, in a fixed order and notation, so that
// equal studies have equal digests. It can be read back as a study.
std::string resolved_yaml(Study const& study);

}  // namespace sg
