// SPDX-License-Identifier: MIT
#include "host/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cuda/exec/error.hpp"

namespace sg {

namespace fs = std::filesystem;

namespace {

fs::path directory_of(std::string const& path) {
    fs::path const parent = fs::path(path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

// A rename is safe on the disk once its directory is. Some file systems cannot sync a directory.
bool sync_directory(fs::path const& directory) {
    int const descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return true;
    bool const synced = ::fsync(descriptor) == 0 || errno == EINVAL;
    int const reason = errno;
    ::close(descriptor);
    errno = reason;
    return synced;
}

}  // namespace

void refuse_output(std::string const& path, std::string const& reason) {
    throw UserError("cannot write " + path + ": " + reason);
}

void check_output_path(std::string const& path) {
    std::error_code ignored;
    auto const refuse = [&](std::string const& reason) { refuse_output(path, reason); };
    fs::path const directory = directory_of(path);
    if (path.empty() || fs::path(path).filename().empty()) refuse("a file name is required");
    if (!fs::exists(directory, ignored))
        refuse("the directory " + directory.string() + " does not exist. Create it first");
    if (!fs::is_directory(directory, ignored)) refuse(directory.string() + " is not a directory");
    if (fs::is_directory(path, ignored)) refuse("it is a directory");
    if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
        refuse("it is not a regular file");
}

void remove_temporary(std::string const& path) { ::unlink((path + ".tmp").c_str()); }

OutputFile::OutputFile(std::string const& path) : path_(path), temporary_(path + ".tmp") {
    check_output_path(path);
    int const flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    descriptor_ = ::open(temporary_.c_str(), flags, 0666);
    struct stat opened {};
    if (descriptor_ >= 0 && ::fstat(descriptor_, &opened) == 0 && S_ISREG(opened.st_mode)) return;
    int const reason = errno;
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        refuse_output(path, temporary_ + " is not a regular file");
    }
    std::string const message = temporary_ + ": " + std::strerror(reason);
    if (reason == ENOSPC || reason == EDQUOT || reason == EIO)
        throw ResourceError("cannot write " + path_ + ": " + message);
    refuse_output(path, message);
}

OutputFile::~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!published_) ::unlink(temporary_.c_str());
}

void OutputFile::give_up() {
    throw ResourceError("cannot write " + temporary_ + ": " + std::strerror(errno));
}

void OutputFile::sync() {
    SG_EXPECT(descriptor_ >= 0);
    if (::fsync(descriptor_) != 0) give_up();
    int const closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) give_up();
}

void OutputFile::publish() {
    SG_EXPECT(descriptor_ < 0 && !published_);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) give_up();
    published_ = true;
    if (!sync_directory(directory_of(path_))) give_up();
}

}  // namespace sg
