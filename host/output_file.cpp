// SPDX-License-Identifier: MIT
#include "host/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cuda/exec/error.hpp"

namespace sg {

namespace fs = std::filesystem;

namespace {

bool same_file(struct stat const& a, struct stat const& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// A rename is safe on the disk once its directory is.
void sync_directory(fs::path const& directory) {
    int const descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;  // some file systems refuse; the file itself is synced
    ::fsync(descriptor);
    ::close(descriptor);
}

fs::path directory_of(std::string const& path) {
    fs::path const parent = fs::path(path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

}  // namespace

void OutputFile::fail(std::string const& reason) const {
    throw UserError("cannot write " + path_ + ": " + reason);
}

OutputFile::OutputFile(std::string const& path) : path_(path), temporary_(path + ".tmp") {
    std::error_code ignored;
    fs::path const directory = directory_of(path);
    if (path.empty() || fs::path(path).filename().empty()) fail("a file name is required");
    if (!fs::exists(directory, ignored))
        fail("the directory " + directory.string() + " does not exist. Create it first");
    if (!fs::is_directory(directory, ignored)) fail(directory.string() + " is not a directory");
    if (fs::is_directory(path, ignored)) fail("it is a directory");
    if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
        fail("it is not a regular file");
    open();
}

// The lock belongs to the open file, not to its name: when another process renamed the file between
// our open and our lock, the name is tried again.
void OutputFile::open() {
    for (int attempt = 0; attempt < 10; ++attempt) {
        int const flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
        descriptor_ = ::open(temporary_.c_str(), flags, 0666);
        if (descriptor_ < 0) {
            std::string const reason = temporary_ + ": " + std::strerror(errno);
            if (errno == ENOSPC || errno == EDQUOT)
                throw ResourceError("cannot write " + path_ + ": " + reason);
            fail(reason);
        }
        bool const locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
        struct stat opened {
        }, named{};
        bool const ours = locked && ::fstat(descriptor_, &opened) == 0 &&
                          ::lstat(temporary_.c_str(), &named) == 0 && same_file(opened, named);
        if (ours && S_ISREG(opened.st_mode)) return;
        ::close(descriptor_);
        descriptor_ = -1;
        if (!locked) fail("another sharpgrid is writing " + temporary_);
        if (ours) fail(temporary_ + " is not a regular file");
    }
    fail(temporary_ + " keeps changing");
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() noexcept {
    if (descriptor_ < 0) return;
    ::unlink(temporary_.c_str());
    ::close(descriptor_);
    descriptor_ = -1;
}

void OutputFile::write(std::span<std::byte const> bytes) {
    auto const demand = [&](bool done) {
        if (!done)
            throw ResourceError("cannot write " + path_ + " (" + std::to_string(bytes.size()) +
                                " bytes): " + std::strerror(errno));
    };
    demand(::ftruncate(descriptor_, 0) == 0);
    for (std::size_t done = 0; done < bytes.size();) {
        std::size_t const part = std::min<std::size_t>(bytes.size() - done, 1 << 30);
        ssize_t const written = ::write(descriptor_, bytes.data() + done, part);
        if (written < 0 && errno == EINTR) continue;
        demand(written >= 0);
        done += static_cast<std::size_t>(written);
    }
    demand(::fsync(descriptor_) == 0);
    demand(::rename(temporary_.c_str(), path_.c_str()) == 0);
}

void OutputFile::commit(std::span<std::byte const> bytes) {
    SG_EXPECT(descriptor_ >= 0);
    try {
        write(bytes);
    } catch (...) {
        discard();
        throw;
    }
    ::close(descriptor_);
    descriptor_ = -1;
    sync_directory(directory_of(path_));
}

}  // namespace sg
