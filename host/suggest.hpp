// SPDX-License-Identifier: MIT
// Help with misspelt words in messages.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sg {

// Insertions, deletions, replacements and swaps of neighbours that turn a into b; case is ignored.
int edit_distance(std::string_view a, std::string_view b);

// The nearest of the candidates, or "" when none is near enough to be what was meant.
std::string_view nearest(std::string_view word, std::span<std::string_view const> candidates);

// "a, b, c"
std::string joined(std::span<std::string_view const> words);

}  // namespace sg
