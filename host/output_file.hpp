// SPDX-License-Identifier: MIT
// A file that appears under its name complete or not at all: PATH.tmp, written at once, synced and
// renamed. Knows nothing of what it holds.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sg {

// Opens PATH.tmp and locks it, so that a study that runs for hours does not find out at its end
// that the directory is missing. A temporary file that a killed run left is taken over.
class OutputFile {
public:
    explicit OutputFile(std::string const& path);  // UserError, ResourceError
    ~OutputFile();                                 // without commit(): removes PATH.tmp
    OutputFile(OutputFile const&) = delete;
    OutputFile& operator=(OutputFile const&) = delete;

    void commit(std::span<std::byte const> bytes);  // ResourceError; PATH.tmp is gone either way

private:
    void open();
    void write(std::span<std::byte const> bytes);
    void discard() noexcept;
    [[noreturn]] void fail(std::string const& reason) const;

    std::string path_;
    std::string temporary_;
    int descriptor_ = -1;
};

}  // namespace sg
