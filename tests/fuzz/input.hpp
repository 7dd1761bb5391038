// SPDX-License-Identifier: MIT
// What the targets share: an input as a sequence of choices, files to be read, and findings.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/fuzz/targets.hpp"
#include "tests/host/temporary.hpp"

namespace sg::fuzz {

// A promise was broken, though nothing crashed.
inline void demand(bool kept, std::string const& promise) {
    if (!kept) throw std::logic_error("finding: " + promise);
}

// An input as a sequence of choices: zeros after its end, so that every input is a whole one.
class Choices {
public:
    explicit Choices(Bytes input) : left_(input) {}

    bool more() const { return !left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        std::uint8_t const first = left_.front();
        left_ = left_.subspan(1);
        return first;
    }
    std::size_t below(std::size_t count) { return byte() % count; }  // count: 1 to 256
    std::uint64_t word() {
        std::uint64_t bits = 0;
        for (int k = 0; k < 8; ++k) bits = bits << 8U | byte();
        return bits;
    }
    Bytes take(std::size_t count) {
        Bytes const taken = left_.first(std::min(count, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    Bytes rest() { return take(left_.size()); }

private:
    Bytes left_;
};

inline std::string text_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace sg::fuzz
