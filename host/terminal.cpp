// SPDX-License-Identifier: MIT
#include "host/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

std::string_view variable(char const* name) {
    char const* const text = std::getenv(name);
    return text ? text : "";
}

int number_or(int otherwise, std::string_view text) {
    int number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    return whole && number > 0 ? number : otherwise;
}

}  // namespace

bool can_redraw() {
    return isatty(STDOUT_FILENO) && variable("TERM") != "dumb" && !variable("TERM").empty();
}

bool wants_colour() { return can_redraw() && variable("NO_COLOR").empty(); }

WindowSize window_size() {
    winsize found{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_col > 0 && found.ws_row > 0)
        return {found.ws_col, found.ws_row};
    return {number_or(80, variable("COLUMNS")), number_or(24, variable("LINES"))};
}

void write_out(std::string const& text) {
    for (std::size_t done = 0; done < text.size();) {
        ssize_t const wrote = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
        if (wrote > 0) {
            done += static_cast<std::size_t>(wrote);
        } else if (errno == EAGAIN) {
            pollfd ready{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            throw ResourceError(std::string("cannot write to standard output: ") +
                                std::strerror(errno));
        }
    }
}

std::string frame(std::vector<std::string> const& lines, std::size_t before, bool clear) {
    SG_EXPECT(!lines.empty());
    constexpr char const* cursor_off = "\x1b[?25l";
    constexpr char const* cursor_on = "\x1b[?25h";
    constexpr char const* wrap_off = "\x1b[?7l";
    constexpr char const* wrap_on = "\x1b[?7h";
    std::string text = std::string(cursor_off) + wrap_off;
    if (clear)
        text += "\x1b[H\x1b[2J";
    else if (before > 1)
        text += "\r\x1b[" + std::to_string(before - 1) + "A";
    else
        text += "\r";
    for (std::size_t k = 0; k < lines.size(); ++k) text += (k ? "\r\n" : "") + lines[k] + "\x1b[K";
    return text + "\x1b[J" + wrap_on + cursor_on;
}

void Screen::show(std::vector<std::string> const& lines, WindowSize const& size) {
    SG_EXPECT(lines.size() <= static_cast<std::size_t>(size.rows));
    bool const clear = before_ > 0 && (moved_ || size != size_);
    write_out(frame(lines, before_, clear));
    before_ = lines.size();
    size_ = size;
    moved_ = false;
}

Screen::~Screen() {
    if (before_ == 0) return;
    try {
        write_out("\r\n");
    } catch (ResourceError const&) {
    }
}

}  // namespace sg
