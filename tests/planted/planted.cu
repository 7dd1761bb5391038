// SPDX-License-Identifier: MIT
// Faults planted on purpose, to see that the emulator beside the repository reports them
// (check.sh).
//
//   race            a thread reads what another writes in the same phase
//   wait            the host reads what an asynchronous copy fills, without waiting for it
//   uninitialised   a sum over device memory that was never written
//   none            the same work done right
//
// Exit: 0 every value is right; 3 one is not (how `wait` shows itself: no tool sees the host read);
// 2 usage.
#include <cuda_runtime.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/exec/cuda_state.hpp"
#include "cuda/exec/each.hpp"
#include "cuda/exec/rows.hpp"
#include "cuda/exec/team.hpp"

namespace sg::planted {
namespace {

constexpr int count = 64;  // two warps: what a thread reads here, one of the other warp writes

// out(n, i) = (63 − i)², by way of scratch; in one phase, where a barrier is missing, or in two
struct Mirrored {
    View<int, 2> out;
    bool barrier;
    SG_FN void operator()(Team const& team, int n, int) const {
        int* const square = team.scratch<int>();
        if (barrier) {
            team.phase(count, [&](int i) { square[i] = i * i; });
            team.phase(count, [&](int i) { out(n, i) = square[count - 1 - i]; });
        } else {
            team.phase(count, [&](int i) {
                square[i] = i * i;
                out(n, i) = square[count - 1 - i];
            });
        }
    }
};

// x(n, i) = 1
struct Ones {
    View<double, 2> x;
    SG_FN void operator()(int n, std::int64_t i) const { x(n, i) = 1; }
};

// x(n, i), to be summed over i
struct Entries {
    View<double const, 2> x;
    SG_FN double operator()(int n, std::int64_t i, int) const { return x(n, i); }
};

bool mirrored(Exec const& exec, bool barrier) {
    Buffer<int> const out(exec, count);
    auto const view = View<int, 2>::dense(out.data(), 1, count);
    team(exec, "mirrored", {1}, 1, count * sizeof(int), Mirrored{view, barrier});
    auto const found = to_host(exec, out.data(), count);
    for (int i = 0; i < count; ++i)
        if (found[static_cast<std::size_t>(i)] != (count - 1 - i) * (count - 1 - i)) return false;
    return true;
}

bool copied(Exec const& exec, bool waits) {
    Buffer<double> const from(exec, count);
    each(exec, "ones", {1}, count, Ones{View<double, 2>::dense(from.data(), 1, count)});
    double* pinned = nullptr;
    SG_TRY(cudaMallocHost(&pinned, count * sizeof(double)));
    for (int i = 0; i < count; ++i) pinned[i] = -1;
    SG_TRY(cudaMemcpyAsync(pinned, from.data(), count * sizeof(double), cudaMemcpyDeviceToHost,
                           exec.device().stream));
    if (waits) exec.wait();
    bool right = true;
    for (int i = 0; i < count; ++i) right = right && pinned[i] == 1;
    exec.wait();
    SG_TRY(cudaFreeHost(pinned));
    return right;
}

// Not with a Buffer: that clears its memory.
bool summed(Exec const& exec, bool initialised) {
    double* x = nullptr;
    SG_TRY(cudaMalloc(&x, count * sizeof(double)));
    auto const view = View<double, 2>::dense(x, 1, count);
    Buffer<double> const sum(exec, 1);
    if (initialised) each(exec, "ones", {1}, count, Ones{view});
    rows(exec, "sum", {1}, count, 1, Entries{view}, View<double, 2>::dense(sum.data(), 1, 1));
    double const found = to_host(exec, sum.data(), 1)[0];
    SG_TRY(cudaFree(x));
    return found == count;
}

int run(std::string const& fault) {
    bool const all = fault == "none";
    if (!all && fault != "race" && fault != "wait" && fault != "uninitialised") {
        std::fprintf(stderr,
                     "sharpgrid-planted %s: one of race, wait, uninitialised, none was required\n",
                     fault.c_str());
        return 2;
    }
    auto const exec = Exec::cuda();
    bool right = true;
    if (all || fault == "race") right = mirrored(exec, all) && right;
    if (all || fault == "wait") right = copied(exec, all) && right;
    if (all || fault == "uninitialised") right = summed(exec, all) && right;
    std::printf("%s: %s\n", fault.c_str(), right ? "every value is right" : "a value is wrong");
    return right ? 0 : 3;
}

}  // namespace
}  // namespace sg::planted

int main(int argc, char** argv) {
    try {
        return sg::planted::run(argc == 2 ? argv[1] : "");
    } catch (sg::Fault const& fault) {
        std::fprintf(stderr, "sharpgrid-planted: %s\n", fault.what());
        return static_cast<int>(fault.code());
    }
}
