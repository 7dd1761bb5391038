// SPDX-License-Identifier: MIT
// Preloaded into the program by fault_matrix.py and data_matrix.py: makes calls on the files of a folder fail as a disk does.
//   FAULT_PATH   what the path of a file must hold for its calls to count
//   FAULT_KIND   full: writes from the n-th on find no space; eio: the n-th write fails; short: the n-th
//                writes half; sync: the n-th sync fails; rename: the n-th rename fails; read: the n-th read
//                fails; some: the n-th reads half; end: reads from the n-th on find the end of the file
//   FAULT_AT     n, from 1; 0: nothing fails
//   FAULT_COUNT  a file that gets the number of calls of this kind when the program ends
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls{0};

char const* variable(char const* name) {
    char const* const value = std::getenv(name);
    return value ? value : "";
}

bool is_kind(char const* kind) { return std::strcmp(variable("FAULT_KIND"), kind) == 0; }

bool counts(char const* path) {
    char const* const wanted = variable("FAULT_PATH");
    return *wanted && std::strstr(path, wanted);
}

bool counts(int descriptor) {
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t const size = readlink(link, path, sizeof path - 1);
    if (size < 0) return false;
    path[size] = 0;
    return counts(path);
}

// Whether this call, which counts, is the n-th; `lasting`: or a later one.
bool is_due(bool lasting) {
    long const at = std::atol(variable("FAULT_AT")), call = ++calls;
    return at > 0 && (lasting ? call >= at : call == at);
}

template <class Function>
Function real(char const* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// Whether a write is to fail, with errno set; may make it shorter.
bool write_fails(int descriptor, std::size_t& size) {
    bool const full = is_kind("full"), eio = is_kind("eio"), half = is_kind("short");
    if (!(full || eio || half) || !counts(descriptor) || !is_due(full)) return false;
    if (half) size = size > 1 ? size / 2 : size;
    errno = full ? ENOSPC : EIO;
    return !half;
}

int sync(int descriptor, char const* name) {
    if (is_kind("sync") && counts(descriptor) && is_due(false)) {
        errno = EIO;
        return -1;
    }
    return real<int (*)(int)>(name)(descriptor);
}

struct Report {
    ~Report() {
        if (char const* const path = variable("FAULT_COUNT"); *path)
            if (FILE* const file = std::fopen(path, "w")) {
                std::fprintf(file, "%ld\n", calls.load());
                std::fclose(file);
            }
    }
} const report;

}  // namespace

extern "C" {

ssize_t read(int descriptor, void* data, std::size_t size) {
    bool const fails = is_kind("read"), some = is_kind("some"), end = is_kind("end");
    if ((fails || some || end) && counts(descriptor) && is_due(end)) {
        if (end) return 0;
        errno = EIO;
        if (fails) return -1;
        size = size > 1 ? size / 2 : size;
    }
    return real<ssize_t (*)(int, void*, std::size_t)>("read")(descriptor, data, size);
}

ssize_t write(int descriptor, void const* data, std::size_t size) {
    if (write_fails(descriptor, size)) return -1;
    return real<ssize_t (*)(int, void const*, std::size_t)>("write")(descriptor, data, size);
}

ssize_t pwrite64(int descriptor, void const* data, std::size_t size, off64_t at) {
    if (write_fails(descriptor, size)) return -1;
    return real<ssize_t (*)(int, void const*, std::size_t, off64_t)>("pwrite64")(descriptor, data,
                                                                                 size, at);
}

ssize_t pwrite(int descriptor, void const* data, std::size_t size, off_t at) {
    return pwrite64(descriptor, data, size, at);
}

int fsync(int descriptor) { return sync(descriptor, "fsync"); }
int fdatasync(int descriptor) { return sync(descriptor, "fdatasync"); }

int rename(char const* from, char const* to) noexcept {
    if (is_kind("rename") && counts(to) && is_due(false)) {
        errno = EIO;
        return -1;
    }
    return real<int (*)(char const*, char const*)>("rename")(from, to);
}
}
