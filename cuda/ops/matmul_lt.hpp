// SPDX-License-Identifier: MIT
// Products of matrices on a GPU: cuBLASLt with one algorithm for each kind of product, or
// team_matmul. For matmul.cu alone, in a build with CUDA.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "cuda/ops/lt_product.hpp"
#include "cuda/ops/team_matmul.hpp"
#include "cuda/ops/trial.hpp"

namespace sg {

// Those of one device: what CudaState::products holds.
using LtProducts = std::map<ProductKind, std::unique_ptr<LtProduct>>;

inline LtProducts& products_of(CudaState& device)
{
    if (!device.products) device.products = std::make_shared<LtProducts>();
    return *static_cast<LtProducts*>(device.products.get());
}

inline JoinedGroups equal_groups(int networks, std::int64_t groups)
{
    SG_EXPECT(groups > 0 && networks % groups == 0);
    JoinedGroups all(0);
    while (all.end() < networks) all.add(networks / static_cast<int>(groups));
    return all;
}

// The first candidate that passes the trial, joined where that may be, else one by one; or the team.
template <class T>
LtVerdict choose(Exec const& exec, ProductKind const& kind, Trial<T> const& trial, LtProduct& product)
{
    auto& device = exec.device();
    double const keep = kind.keeps ? 1 : 0;
    bool supported = true;  // at every count
    auto const run = [&](int count, View<T const, 3> const& A, View<T const, 3> const& B, View<T, 3> const& C) {
        bool const grouped = kind.a.shared && A.stride[0] != 0;
        auto const status = grouped ? product.run(exec, equal_groups(count, A.extent[0]), 1, A, B, keep, C)
                                    : product.run(exec, count, 1, A, B, keep, C);
        if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE)
            supported = false;
        else
            SG_TRY_BLAS(status);
    };
    for (bool const joined : {true, false}) {
        if (joined && !product.may_be_joined()) continue;
        product.verdict = {{}, false, joined};
        for (auto candidate : product.candidates(device)) {
            if (!product.serves_one(device, candidate)) continue;
            product.verdict.algorithm = candidate;
            supported = true;
            if (trial(exec, kind, run) && supported) return product.verdict;
        }
    }
    return {{}, true};
}

// The verdicts of this process. They depend on the kind and the device alone, so that its workers share
// them; one trial at a time, so that the memory of one is enough.
class LtVerdicts {
public:
    template <class F>
    LtVerdict find(int device, ProductKind const& kind, F const& decide)
    {
        std::lock_guard const lock(mutex_);
        auto const known = known_.find({device, kind});
        if (known != known_.end()) return known->second;
        return known_[{device, kind}] = decide();
    }
    static LtVerdicts& of_process()
    {
        static LtVerdicts all;
        return all;
    }

private:
    std::mutex mutex_;
    std::map<std::pair<int, ProductKind>, LtVerdict> known_;
};

// How products of a kind are computed, chosen at the first one: by the trial of this process, or by a
// `trial` of the caller's.
template <class T>
LtProduct& product_of(Exec const& exec, ProductKind const& kind, Trial<T> const* trial = nullptr)
{
    auto& device = exec.device();
    SG_TRY(cudaSetDevice(device.ordinal));
    auto& products = products_of(device);
    auto const known = products.find(kind);
    if (known != products.end()) return *known->second;
    cudaStreamCaptureStatus capture{};
    SG_TRY(cudaStreamIsCapturing(device.stream, &capture));
    if (capture != cudaStreamCaptureStatusNone) {
        auto const text = [](std::int64_t x) { return std::to_string(x); };
        throw InternalError(
            "a matmul of " + text(kind.shape.m) + " x " + text(kind.shape.n) + " x " +
            text(kind.shape.k) + " met a stream capture before its trial, which waits " +
            "and takes memory. Run the pass once without capture, or prepare_matmul.");
    }
    auto product = std::make_unique<LtProduct>(device, kind);
    if (trial)
        product->verdict = choose(exec, kind, *trial, *product);
    else
        product->verdict = LtVerdicts::of_process().find(device.ordinal, kind, [&] {
            return choose<T>(exec, kind, same_bits<T>, *product);
        });
    return *(products[kind] = std::move(product));
}

template <class T>
void matmul_on_device(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
                      View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto& product = product_of<T>(exec, kind_of(A, op_a, B, op_b, beta, C, exec.arithmetic()));
    if (product.verdict.team)
        return team_matmul(exec, nets, alpha, A, op_a, B, op_b, beta, C);
    SG_TRY_BLAS(product.run(exec, nets.count, alpha, A, B, beta, C));
}

// Groups at the head of `groups` that are one batch of joined products: of one kind, their matrices A at equal steps.
// Returns how many it has computed; 0: the first one is of a kind that is not joined, or beyond nets.count.
template <class T>
std::size_t joined_matmul(Exec const& exec, Nets nets, std::span<Group const> groups, double alpha,
                          View<T const, 3> const& A, Op op_a, View<T const, 3> const& B, Op op_b, double beta,
                          View<T, 3> const& C)
{
    auto const size = [&](Group const& g) { return members(g, nets).count; };
    auto const kind = [&](Group const& g) {
        return kind_of(left_of(g, A), op_a, B, op_b, beta, C, exec.arithmetic());
    };
    if (size(groups[0]) <= 0) return 0;
    auto& product = product_of<T>(exec, kind(groups[0]));
    if (!product.verdict.joined) return 0;
    JoinedGroups some(groups[0].first);
    int step = 0;
    auto const most = std::min<std::size_t>(groups.size(), JoinedGroups::limit);
    for (std::size_t i = 0; i < most && size(groups[i]) > 0; ++i) {
        int const from_last = i > 0 ? groups[i].batch - groups[i - 1].batch : 0;
        bool const follows = from_last > 0 && (i == 1 || from_last == step) && groups[i].first == some.end() &&
                             kind(groups[i]) == kind(groups[0]);
        if (i > 0 && !follows) break;
        some.add(size(groups[i]));
        step = from_last;
    }
    auto left = networks(A, groups[0].batch, some.count);
    left.stride[0] *= step;
    SG_TRY_BLAS(product.run(exec, some, alpha, left, B, beta, C));
    return static_cast<std::size_t>(some.count);
}

}  // namespace sg
