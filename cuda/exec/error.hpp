// SPDX-License-Identifier: MIT
// Faults that end a run, each with the exit code that the command line promises (DESIGN, section 7).
// Divergence of a network is none of them: it is a result and is recorded.
#pragma once

#include <stdexcept>
#include <string>

namespace sg {

enum class ExitCode : int {
    done = 0,
    internal = 1,  // a fault of ours
    user = 2,      // usage or configuration
    data = 3,      // a data set that is missing, truncated or malformed
    device = 4,    // no such device, or a failing call
    check = 5,     // a numerical self-check failed
    resource = 6,  // out of disk or memory
    stopped = 75,  // stopped early: run the same command again
};

// A fault with one message for the user: the problem, what was required, a suggestion.
class Fault : public std::runtime_error {
public:
    Fault(ExitCode code, std::string const& message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

#define SG_FAULT(Name, exit_code)                                                                  \
    class Name : public Fault {                                                                    \
    public:                                                                                        \
        explicit Name(std::string const& message) : Fault(exit_code, message) {}                   \
    }
SG_FAULT(InternalError, ExitCode::internal);
SG_FAULT(UserError, ExitCode::user);
SG_FAULT(DataError, ExitCode::data);
SG_FAULT(DeviceError, ExitCode::device);
SG_FAULT(CheckError, ExitCode::check);
SG_FAULT(ResourceError, ExitCode::resource);
#undef SG_FAULT

// Throws InternalError "file:line: expected <condition> (a vs b)".
[[noreturn]] void expectation_failed(char const* condition, char const* file, int line);

}  // namespace sg

// A broken expectation is a bug of ours. Checked in every build: none stands in an inner loop.
#define SG_EXPECT(condition)                                                                       \
    ((condition) ? static_cast<void>(0) : ::sg::expectation_failed(#condition, __FILE__, __LINE__))
