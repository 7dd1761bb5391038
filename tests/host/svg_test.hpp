// SPDX-License-Identifier: MIT
// What tests look for in a figure.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sg::test {

inline int count(std::string const& text, std::string const& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// Every element that opens also closes, in order; text holds no bare markup.
inline void expect_well_formed(std::string const& svg) {
    std::vector<std::string> open;
    for (auto at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
        auto const end = svg.find('>', at);
        ASSERT_NE(end, std::string::npos);
        std::string const tag = svg.substr(at + 1, end - at - 1);
        EXPECT_EQ(tag.find('<'), std::string::npos) << tag;
        if (tag.back() == '/') continue;
        if (tag.front() != '/') {
            open.push_back(tag.substr(0, tag.find(' ')));
            continue;
        }
        ASSERT_FALSE(open.empty()) << tag;
        EXPECT_EQ("/" + open.back(), tag);
        open.pop_back();
    }
    EXPECT_TRUE(open.empty());
    EXPECT_EQ(count(svg, "nan"), 0);
    EXPECT_EQ(count(svg, "inf"), 0);
}

}  // namespace sg::test
