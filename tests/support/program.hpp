// SPDX-License-Identifier: MIT
// A program of ours as a user runs it.
#pragma once

#include <string>

namespace sg::test {

struct Outcome {
    int code;           // exit code; −1 when a signal ended it
    std::string text;   // standard output
    std::string error;  // standard error
};

// `program` with arguments as the shell reads them; `environment` as in "NAME=value OTHER=value".
Outcome run_program(std::string const& program, std::string const& arguments,
                    std::string const& environment = "");

}  // namespace sg::test
