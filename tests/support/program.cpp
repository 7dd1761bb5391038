// SPDX-License-Identifier: MIT
#include "tests/support/program.hpp"

#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/host/temporary.hpp"

namespace sg::test {

Outcome run_program(std::string const& program, std::string const& arguments,
                    std::string const& environment) {
    TemporaryFolder const folder;
    std::string const errors = folder.path("stderr");
    std::string const command =
        environment + " '" + program + "' " + arguments + " 2>'" + errors + "' </dev/null";
    FILE* const pipe = popen(command.c_str(), "r");
    if (!pipe) throw std::runtime_error("popen " + command);
    Outcome outcome{-1, "", ""};
    char buffer[4096];
    for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        outcome.text.append(buffer, got);
    int const status = pclose(pipe);
    if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
    std::ifstream file(errors, std::ios::binary);
    outcome.error.assign(std::istreambuf_iterator<char>(file), {});
    return outcome;
}

}  // namespace sg::test
