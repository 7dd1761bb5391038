// SPDX-License-Identifier: MIT
// A program that runs beside this one and never outlives it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace sg {

class Child {
public:
    // Its standard error is kept, its standard output dropped. ResourceError: it cannot be started.
    Child(std::string const& program, std::vector<std::string> const& arguments);
    ~Child();  // kills it
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    void kill();  // SIGKILL
    std::optional<int>
    ended();  // its exit code, 128 + the signal that ended it, or nothing: it runs
    int wait();
    std::string error() const;  // what it wrote so far

private:
    int status_of(int waited);

    pid_t process_ = -1;
    int error_ = -1;
    std::optional<int> code_;
};

}  // namespace sg
