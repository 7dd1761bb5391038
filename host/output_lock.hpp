// SPDX-License-Identifier: MIT
// The right to write an output file: a lock of our own beside it, because the library lets a second
// process truncate a file that is being streamed.
#pragma once

#include <string>

namespace sg {

// Holds PATH.lock, which says who holds it. The system frees it when the process ends, however.
class OutputLock {
public:
    // UserError: the file cannot be written there, or who is writing it now.
    explicit OutputLock(std::string const& path);
    ~OutputLock();  // removes PATH.lock
    OutputLock(OutputLock const&) = delete;
    OutputLock& operator=(OutputLock const&) = delete;

    std::string const& path() const { return path_; }  // of the output file

private:
    bool take();  // false: the name changed under us, try again

    std::string path_;
    std::string lock_;
    int descriptor_ = -1;
};

// Whether some process holds the lock of this output file.
bool is_locked(std::string const& path);

}  // namespace sg
