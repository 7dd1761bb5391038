// SPDX-License-Identifier: MIT
#include "host/child.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// After fork only what is safe in a signal handler: other threads may have held any lock.
[[noreturn]] void become(char* const* arguments, int error, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it died before we asked for that
    int const null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

}  // namespace

Child::Child(std::string const& program, std::vector<std::string> const& arguments) {
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    error_ = ::memfd_create("stderr", MFD_CLOEXEC);
    if (error_ < 0) throw ResourceError(std::string("memfd_create: ") + std::strerror(errno));
    pid_t const self = ::getpid();
    process_ = ::fork();
    if (process_ == 0) become(pointers.data(), error_, self);
    if (process_ > 0) return;
    int const reason = errno;
    ::close(error_);
    throw ResourceError(std::string("a process could not be started: ") + std::strerror(reason));
}

Child::~Child() {
    kill();
    wait();
    ::close(error_);
}

void Child::kill() {
    if (!code_) ::kill(process_, SIGKILL);
}

int Child::status_of(int waited) {
    code_ = WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited);
    return *code_;
}

std::optional<int> Child::ended() {
    int waited = 0;
    if (!code_ && ::waitpid(process_, &waited, WNOHANG) == process_) status_of(waited);
    return code_;
}

int Child::wait() {
    int waited = 0;
    while (!code_)
        if (::waitpid(process_, &waited, 0) == process_) status_of(waited);
    return *code_;
}

std::string Child::error() const {
    std::string text(4096, '\0');
    ssize_t const size = ::pread(error_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace sg
