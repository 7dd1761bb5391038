// SPDX-License-Identifier: MIT
// What the configuration says of a wrong study.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"

namespace sg::test {

inline constexpr char const* good_study = "study: s\nmodel: {depth: 2, width: 16}\ngrid: {c: 1}\n";

// The message of the UserError; "" when there is none.
inline std::string message_of(std::string const& text,
                              std::vector<std::string> const& overrides = {}) {
    try {
        parse_study(text, "s.yaml", overrides);
    } catch (UserError const& error) {
        EXPECT_EQ(error.code(), ExitCode::user);
        return error.what();
    }
    return "";
}

inline void expect_has(std::string const& message, std::string const& part) {
    EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in\n" << message;
}

}  // namespace sg::test
