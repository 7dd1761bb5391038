// SPDX-License-Identifier: MIT
// Sequences of launches that a GPU replays as one graph: hundreds of small launches then cost the host one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "cuda/exec/exec.hpp"

namespace sg {

struct CapturedGraph;  // known to files compiled by nvcc alone

// The graphs of one object, whose memory their launches refer to; they go when it goes.
class Graphs {
public:
    // Everything that a sequence of launches depends on, besides the contents of memory.
    using Key = std::vector<std::int64_t>;
    // What stands for a place in memory in a key.
    static std::int64_t address(void const* p) { return reinterpret_cast<std::int64_t>(p); }

    explicit Graphs(Exec const& exec);
    ~Graphs();
    Graphs(Graphs&&) noexcept;
    Graphs& operator=(Graphs&&) = delete;

    // The effect of launches(). On a GPU the first call with a key runs it (what is chosen at a first use,
    // such as the algorithm of a matmul, is chosen then), the second captures it, and later ones replay
    // that. `launches` neither waits nor copies between host and device, and gives every argument the same
    // value under the same key.
    void run(Key const& key, std::function<void()> const& launches);

private:
    void capture(CapturedGraph& graph, std::function<void()> const& launches);

    Exec exec_;
    std::map<Key, std::unique_ptr<CapturedGraph>> graphs_;
};

}  // namespace sg
