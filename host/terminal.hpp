// SPDX-License-Identifier: MIT
// Lines that are drawn again and again in one place of a terminal. Nothing that is switched
// outlasts a frame, so whatever ends the program leaves the terminal as it was.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sg {

struct WindowSize {
    int columns = 80, rows = 24;
    bool operator==(WindowSize const&) const = default;
};

// Of standard output.
bool can_redraw();                        // a terminal that knows its escape sequences
bool wants_colour();                      // that, and no NO_COLOR (no-color.org)
WindowSize window_size();                 // of what is no terminal: COLUMNS or 80, and LINES or 24
void write_out(std::string const& text);  // ResourceError

// What puts `lines` in the place of the `before` lines of the last frame, whose last one the cursor
// is in. `clear`: the window changed, nothing is where it was. No line is wrapped.
std::string frame(std::vector<std::string> const& lines, std::size_t before, bool clear);

// The frames of one program.
class Screen {
public:
    Screen() = default;
    ~Screen();  // goes on below the last frame
    Screen(Screen const&) = delete;
    Screen& operator=(Screen const&) = delete;

    void show(std::vector<std::string> const& lines, WindowSize const& size);
    void forget() { moved_ = true; }  // somebody else may have written

private:
    std::size_t before_ = 0;
    WindowSize size_;
    bool moved_ = false;
};

}  // namespace sg
