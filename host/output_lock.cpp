// SPDX-License-Identifier: MIT
#include "host/output_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "cuda/exec/error.hpp"
#include "host/output_file.hpp"

namespace sg {

namespace {

std::string own_name() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
    std::time_t const now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> time{};
    std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return fmt::format("process {} on {}, since {}", ::getpid(), host.data(), time.data());
}

// What the holder wrote: one line, which may be anything.
std::string holder_of(int descriptor) {
    std::array<char, 400> text{};
    ssize_t const size = ::pread(descriptor, text.data(), text.size(), 0);
    std::string holder;
    for (ssize_t k = 0; k < size && text[static_cast<std::size_t>(k)] != '\n'; ++k) {
        char const c = text[static_cast<std::size_t>(k)];
        holder += c >= ' ' && c <= '~' ? c : '?';
    }
    return holder.empty() ? "a process that did not say its name" : holder;
}

bool is_named(int descriptor, std::string const& name) {
    struct stat opened {
    }, named{};
    return ::fstat(descriptor, &opened) == 0 && ::lstat(name.c_str(), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

OutputLock::OutputLock(std::string const& path) : path_(path), lock_(path + ".lock") {
    check_output_path(path);
    for (int attempt = 0; attempt < 100; ++attempt)
        if (take()) return;
    refuse_output(path, lock_ + " keeps changing");
}

// The lock belongs to the open file, not to its name: the holder before us may have removed the
// name between our open and our lock.
bool OutputLock::take() {
    descriptor_ = ::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) {
        std::string const reason = lock_ + ": " + std::strerror(errno);
        if (errno == ENOSPC || errno == EDQUOT || errno == EIO)
            throw ResourceError("cannot write " + path_ + ": " + reason);
        refuse_output(path_, reason);
    }
    // A file system without locks: there the user has to see to it.
    bool const taken = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    bool const named = taken && is_named(descriptor_, lock_);
    if (named) {
        std::string const text = own_name() + "\n";
        // Only for the message of others: a disk that has no room for it is met again, and said,
        // later.
        bool const told =
            ::ftruncate(descriptor_, 0) == 0 && ::write(descriptor_, text.data(), text.size()) > 0;
        static_cast<void>(told);
        return true;
    }
    std::string const holder = taken ? "" : holder_of(descriptor_);
    ::close(descriptor_);
    descriptor_ = -1;
    if (!taken)
        refuse_output(path_, "another sharpgrid is writing it (" + holder +
                                 "). Wait for it, or choose another file with -o");
    return false;
}

OutputLock::~OutputLock() {
    ::unlink(lock_.c_str());
    ::close(descriptor_);
}

bool is_locked(std::string const& path) {
    int const descriptor = ::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return false;
    bool const locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return locked;
}

}  // namespace sg
