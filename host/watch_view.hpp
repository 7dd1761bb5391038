// SPDX-License-Identifier: MIT
// What `sharpgrid watch` shows of a study: how far it is, and its phase diagram so far.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/headway.hpp"
#include "host/terminal.hpp"

namespace sg {

enum class Life : std::uint8_t {
    running,
    held,  // a run has it, and is about to begin or to end
    complete,
    stopped,
    killed
};
inline constexpr std::array<std::string_view, 5> life_names{
    "running", "taken up by a run", "complete", "stopped early", "its run was killed"};

struct Watched {
    std::string path;
    StoredStudy stored;
    std::optional<Study> study;  // none: this version cannot read it
    std::optional<Headway> headway;
    Life life = Life::running;
    bool replaced = false;  // by another study, while it was watched
    // In seconds; missing where they are not known.
    double elapsed = missing, left = missing, since_commit = missing;
};

// "45 %, about 2 min 03 s left; 412 of about 690 networks, 28 diverged, 3 collapsed"
std::string progress_of(Watched const& watched);

// What to do about a study that is not complete though nothing runs it; empty: nothing.
std::string advice_for(Watched const& watched);

// All of it.
std::vector<std::string> snapshot(Watched const& watched, int columns);

// At most as many lines as the window has. Where there is not room for all panels they take turns:
// `turn` counts up.
std::vector<std::string> window_of(Watched const& watched, WindowSize const& size, bool colour,
                                   std::size_t turn);

}  // namespace sg
