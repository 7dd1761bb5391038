// SPDX-License-Identifier: MIT
#include "host/suggest.hpp"

#include <algorithm>
#include <cctype>

namespace sg {
namespace {

constexpr std::size_t longest_word = 64;  // nothing longer is a misspelt key

bool same_letter(char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
}

}  // namespace

// Optimal string alignment: three rows of the table suffice.
int edit_distance(std::string_view a, std::string_view b) {
    std::vector<int> above2(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<int>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            int const replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            bool const swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                                 same_letter(a[i - 2], b[j - 1]);
            if (swapped) row[j] = std::min(row[j], above2[j - 2] + 1);
        }
        above2.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<std::string_view const> candidates) {
    if (word.size() > longest_word) return "";
    std::string_view best;
    int best_distance = 0;
    for (std::string_view const candidate : candidates) {
        int const length = static_cast<int>(std::max(word.size(), candidate.size()));
        int const distance = edit_distance(word, candidate);
        bool const near = distance <= (length + 2) / 3 && distance < length;
        if (near && (best.empty() || distance < best_distance)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string joined(std::span<std::string_view const> words) {
    std::string text;
    for (std::string_view const word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

}  // namespace sg
