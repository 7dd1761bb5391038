// SPDX-License-Identifier: MIT
// Collects what is wrong with a text, so that the user sees all of it at once, each with its place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sg {

// A text that was parsed: a file, or one argument of --set.
struct Source {
    std::string name;  // as messages show it
    std::string text;
    bool numbered = true;  // whether messages give line and column; an argument has but one line
};

// Line and column count from 0, the column in bytes. A line of -1 means the source as a whole.
struct Place {
    Source const* source = nullptr;
    int line = -1;
    int column = 0;
};

class Problems {
public:
    void add(Place const& place, std::string message);
    bool empty() const { return problems_.empty(); }
    std::size_t count() const { return problems_.size(); }
    // Enough for any user: who reads a long list stops here.
    bool full() const { return problems_.size() >= 1000; }
    // One block each: "file:line:column: message", the line, a caret. The file's in its order, then
    // those of --set.
    std::string text() const;
    void raise_if_any() const;  // UserError

private:
    struct Problem {
        Place place;
        std::string message;
    };
    std::vector<Problem> problems_;
};

// Offset of the first byte that is not UTF-8 text (control characters are not), or npos.
std::size_t first_bad_byte(std::string_view text);

// The place of a byte.
Place place_of(Source const& source, std::size_t offset);

// What the user wrote, fit for a message: short, on one line, without control characters.
std::string shown(std::string_view text);

}  // namespace sg
