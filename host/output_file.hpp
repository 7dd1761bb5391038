// SPDX-License-Identifier: MIT
// A file that appears under its name complete or not at all: PATH.tmp, written, synced and renamed.
// Knows nothing of what it holds. Whoever makes one holds the OutputLock of its path.
#pragma once

#include <string>

namespace sg {

class OutputFile {
public:
    // Takes over a PATH.tmp that a killed run left. UserError, ResourceError.
    explicit OutputFile(std::string const& path);
    ~OutputFile();  // without publish(): removes PATH.tmp
    OutputFile(OutputFile const&) = delete;
    OutputFile& operator=(OutputFile const&) = delete;

    std::string const& temporary() const { return temporary_; }  // to be written by others
    void sync();                                                 // it is written; ResourceError
    void publish();                                              // renames; ResourceError

private:
    [[noreturn]] void give_up();  // ResourceError with what errno says

    std::string path_;
    std::string temporary_;
    int descriptor_ = -1;
    bool published_ = false;
};

// UserError unless a file may be written there.
void check_output_path(std::string const& path);
[[noreturn]] void refuse_output(std::string const& path, std::string const& reason);  // UserError

// Removes a PATH.tmp that a killed run left.
void remove_temporary(std::string const& path);

}  // namespace sg
