// SPDX-License-Identifier: MIT
// Preloaded into the program by memory_matrix.py: makes calls fail as they do without memory, or without threads,
// once main has begun.
//   FAULT_KIND   memory: allocations from the n-th on fail; once: the n-th does; thread: no thread can be made
//                from the n-th on
//   FAULT_HDF5   1: allocations of the HDF5 library alone count; else all others
//   FAULT_BYTES  the least size of an allocation that counts
//   FAULT_AT     n, from 1; 0: nothing fails
//   FAULT_COUNT  a file that gets the number of calls of this kind when the program ends
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// The C library's own, under the names it keeps for those who put others before them.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* data, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

enum class Kind { none, memory, once, thread };

// Read when main begins: until then nothing counts.
Kind kind = Kind::none;
long at = 0;
std::size_t least = 0;
bool of_hdf5 = false;
std::uintptr_t hdf5_begin = 0, hdf5_end = 0;
std::atomic<long> calls{0};
int (*real_main)(int, char**, char**) = nullptr;

char const* variable(char const* name) {
    char const* const value = std::getenv(name);
    return value ? value : "";
}

bool is_due(bool lasting) {
    long const call = ++calls;
    return at > 0 && (lasting ? call >= at : call == at);
}

// Whether an allocation is to fail, with errno set.
bool no_room(std::size_t size, void* caller) {
    if ((kind != Kind::memory && kind != Kind::once) || size < least) return false;
    auto const at_caller = reinterpret_cast<std::uintptr_t>(caller);
    if ((at_caller >= hdf5_begin && at_caller < hdf5_end) != of_hdf5) return false;
    if (!is_due(kind == Kind::memory)) return false;
    errno = ENOMEM;
    return true;
}

// strdup as the C library has it, but with the caller known, which may be HDF5.
char* copy_of(char const* text, void* caller) {
    std::size_t const size = std::strlen(text) + 1;
    void* const copy = no_room(size, caller) ? nullptr : __libc_malloc(size);
    return copy ? static_cast<char*>(std::memcpy(copy, text, size)) : nullptr;
}

void find_hdf5() {
    FILE* const maps = std::fopen("/proc/self/maps", "r");
    char line[4096];
    while (maps && std::fgets(line, sizeof line, maps)) {
        std::uintptr_t begin = 0, end = 0;
        if (!std::strstr(line, "libhdf5") || std::sscanf(line, "%lx-%lx", &begin, &end) != 2) continue;
        if (hdf5_begin == 0) hdf5_begin = begin;
        hdf5_end = end;
    }
    if (maps) std::fclose(maps);
}

void read_variables() {
    find_hdf5();
    of_hdf5 = *variable("FAULT_HDF5") == '1';
    char const* const name = variable("FAULT_KIND");
    at = std::atol(variable("FAULT_AT"));
    least = static_cast<std::size_t>(std::atol(variable("FAULT_BYTES")));
    if (std::strcmp(name, "memory") == 0) kind = Kind::memory;
    if (std::strcmp(name, "once") == 0) kind = Kind::once;
    if (std::strcmp(name, "thread") == 0) kind = Kind::thread;
}

// Without the C library's buffers, which would need memory.
void report() {
    kind = Kind::none;
    char const* const path = variable("FAULT_COUNT");
    int const file = *path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (file < 0) return;
    char text[32];
    int const size = std::snprintf(text, sizeof text, "%ld\n", calls.load());
    if (write(file, text, static_cast<std::size_t>(size)) != size) _exit(99);
    close(file);
}

int counted_main(int count, char** arguments, char** environment) {
    read_variables();
    int const code = real_main(count, arguments, environment);
    report();
    return code;
}

}  // namespace

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int count, char** arguments, void (*init)(),
                      void (*fini)(), void (*linker)(), void* stack) {
    real_main = main;
    auto const real =
        reinterpret_cast<decltype(&__libc_start_main)>(dlsym(RTLD_NEXT, "__libc_start_main"));
    return real(counted_main, count, arguments, init, fini, linker, stack);
}

void* malloc(std::size_t size) {
    return no_room(size, __builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}

char* strdup(char const* text) noexcept { return copy_of(text, __builtin_return_address(0)); }
char* __strdup(char const* text) noexcept { return copy_of(text, __builtin_return_address(0)); }

void* calloc(std::size_t count, std::size_t size) {
    return no_room(count * size, __builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* data, std::size_t size) {
    return no_room(size, __builtin_return_address(0)) ? nullptr : __libc_realloc(data, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
    return no_room(size, __builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** data, std::size_t alignment, std::size_t size) {
    void* const taken = memalign(alignment, size);
    if (!taken) return ENOMEM;
    *data = taken;
    return 0;
}

int pthread_create(pthread_t* thread, pthread_attr_t const* attributes, void* (*start)(void*),
                   void* argument) {
    if (kind == Kind::thread && is_due(true)) return EAGAIN;
    using Create = int (*)(pthread_t*, pthread_attr_t const*, void* (*)(void*), void*);
    static auto const real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    return real(thread, attributes, start, argument);
}
}
