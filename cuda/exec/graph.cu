// SPDX-License-Identifier: MIT
#include "cuda/exec/graph.hpp"

#include "cuda/exec/error.hpp"

#ifndef SG_WITH_CUDA

namespace sg {

struct CapturedGraph {};

void Graphs::run(Key const&, std::function<void()> const& launches) { launches(); }

#else

#include "cuda/exec/cuda_state.hpp"

namespace sg {

struct CapturedGraph {
    cudaGraphExec_t graph = nullptr;  // null: the key was seen once

    CapturedGraph() = default;
    CapturedGraph(CapturedGraph const&) = delete;
    CapturedGraph& operator=(CapturedGraph const&) = delete;
    ~CapturedGraph()
    {
        if (graph) cudaGraphExecDestroy(graph);
    }
};

void Graphs::capture(CapturedGraph& into, std::function<void()> const& launches)
{
    auto& device = exec_.device();
    SG_TRY(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal));
    cudaGraph_t recorded = nullptr;
    try {
        launches();
    } catch (...) {
        cudaStreamEndCapture(device.stream, &recorded);
        if (recorded) cudaGraphDestroy(recorded);
        static_cast<void>(cudaGetLastError());
        throw;
    }
    SG_TRY(cudaStreamEndCapture(device.stream, &recorded));
    auto const status = cudaGraphInstantiate(&into.graph, recorded, 0);
    cudaGraphDestroy(recorded);
    SG_TRY(status);
    device.counters.captures += 1;
}

void Graphs::run(Key const& key, std::function<void()> const& launches)
{
    if (exec_.on_cpu()) return launches();
    auto& device = exec_.device();
    SG_TRY(cudaSetDevice(device.ordinal));
    auto& graph = graphs_[key];
    if (!graph) {
        launches();
        graph = std::make_unique<CapturedGraph>();
        return;
    }
    if (!graph->graph) capture(*graph, launches);
    SG_TRY(cudaGraphLaunch(graph->graph, device.stream));
    device.counters.replays += 1;
}

#endif

Graphs::Graphs(Exec const& exec) : exec_(exec) {}
Graphs::~Graphs() = default;
Graphs::Graphs(Graphs&&) noexcept = default;

}  // namespace sg
