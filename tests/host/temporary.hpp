// SPDX-License-Identifier: MIT
// Files that a test writes and that go when it ends.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

namespace sg::test {

// A fresh folder below TMPDIR.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sharpgrid_XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp " + name);
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;

    std::string path() const { return path_.string(); }
    std::string path(std::string const& name) const { return (path_ / name).string(); }
    std::string write(std::string const& name, std::string const& bytes) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path(name);
    }

private:
    std::filesystem::path path_;
};

// An environment variable for the length of a test; a null value unsets it.
class Environment {
public:
    Environment(char const* name, char const* value) : name_(name) {
        if (char const* old = std::getenv(name)) old_ = old;
        set(value);
    }
    ~Environment() { set(old_ ? old_->c_str() : nullptr); }
    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

private:
    void set(char const* value) { value ? setenv(name_, value, 1) : unsetenv(name_); }

    char const* name_;
    std::optional<std::string> old_;
};

}  // namespace sg::test
