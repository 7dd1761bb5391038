// SPDX-License-Identifier: MIT
// What the directory of the output allows: room, and a lock that a second process meets.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "host/child.hpp"
#include "host/doctor.hpp"
#include "host/output_lock.hpp"
#include "host/plan.hpp"

namespace sg {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t trial =
    64 * mebibyte;  // of a small study; taken once, so that a quota is met
constexpr std::size_t little_space = 1024 * mebibyte;
constexpr std::size_t few_files = 64;

// Why `bytes` cannot be had there; empty: they can. They are reserved, one piece of them is written
// and synced.
std::string reserve(std::string const& path, std::size_t bytes) {
    int const descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return std::strerror(errno);
    std::string const piece(mebibyte, 'x');
    int reason = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
    if (reason == EOPNOTSUPP || reason == EINVAL) reason = 0;  // not on this file system
    if (reason == 0 && (::pwrite(descriptor, piece.data(), piece.size(), 0) !=
                            static_cast<ssize_t>(piece.size()) ||
                        ::fsync(descriptor) != 0))
        reason = errno;
    ::close(descriptor);
    ::unlink(path.c_str());
    return reason == 0 ? "" : std::strerror(reason);
}

}  // namespace

ScratchFolder::ScratchFolder(std::string const& directory) {
    std::string name = directory + "/.sharpgrid-doctor-XXXXXX";
    if (!::mkdtemp(name.data()))
        throw ResourceError(fmt::format("cannot write in {}: {}", directory, std::strerror(errno)));
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string output_directory(std::string const& output) {
    std::error_code ignored;
    if (output.empty() || fs::is_directory(output, ignored)) return output.empty() ? "." : output;
    auto const parent = fs::path(output).parent_path();
    return parent.empty() ? "." : parent.string();
}

Check check_space(ScratchFolder const& folder) {
    std::string const name = "disk", path = folder.path("reserved");
    struct statvfs disk {};
    if (::statvfs(folder.path(".").c_str(), &disk) != 0)
        return failed(name, ExitCode::resource, std::strerror(errno),
                      "choose another directory with -o");
    auto const free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    std::string const text = human_bytes(free) + " free";
    std::string const other = "free some space, or choose another directory with -o";
    auto const fault = reserve(path, trial);
    if (!fault.empty())
        return failed(name, ExitCode::resource,
                      fmt::format("{}, but {} were refused: {}", text, human_bytes(trial), fault),
                      "see your quota (quota -s, lfs quota) and limits (ulimit -f); " + other);
    if (disk.f_files > 0 && disk.f_favail < few_files)
        return failed(
            name, ExitCode::resource,
            fmt::format("{}, but room for {} files alone", text, disk.f_favail),
            "remove files: the file system has no more inodes, or your quota of files is used up");
    return passed(name, fmt::format("{}, {} could be reserved", text, human_bytes(trial)),
                  free < static_cast<double>(little_space)
                      ? "that is little: ask `sharpgrid plan` what a study needs"
                      : "");
}

// By a second process: on NFS two locks of one process do not meet.
Check check_lock(ScratchFolder const& folder, std::string const& program) {
    std::string const name = "lock", path = folder.path("locked.h5");
    if (!std::ofstream(path))
        throw ResourceError("cannot write " + path + ": " + std::strerror(errno));
    OutputLock const lock(path);
    Child second(program, {"repair", path});
    int const code = second.wait();
    if (code == static_cast<int>(ExitCode::user) &&
        second.error().find("another sharpgrid") != std::string::npos)
        return passed(name, "a second process was refused the same file");
    if (code == static_cast<int>(ExitCode::data))
        return failed(name, ExitCode::resource,
                      "a second process was given the same file: this file system keeps no locks",
                      "never start two runs with one output, or write to another file system (NFS: "
                      "mounted without nolock; "
                      "Lustre: with -o flock)");
    return failed(name, ExitCode::internal,
                  fmt::format("a second process ended with exit code {}: {}", code, second.error()),
                  "please report this with the whole output");
}

}  // namespace sg
