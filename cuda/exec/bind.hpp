// SPDX-License-Identifier: MIT
// A kernel may prepare what depends on the network alone: bind(net) returns the functor of the inner loop,
// with plain pointers and coefficients, so that the loop has no branch and vectorises.
#pragma once

#include <cstdint>

#include "cuda/exec/fn.hpp"

namespace sg {

template <class F>
struct Unbound {
    F f;
    int net;
    SG_FN void operator()(std::int64_t i) const { f(net, i); }
};

// f.bind(net) where there is one, else i ↦ f(net, i).
template <class F>
SG_FN auto bind(F const& f, int net)
{
    if constexpr (requires { f.bind(net); })
        return f.bind(net);
    else
        return Unbound<F>{f, net};
}

template <class F>
struct UnboundSum {
    F f;
    int net, k;
    SG_FN double operator()(std::int64_t i) const { return f(net, i, k); }
};

// The same for sums: f.bind(net, k), else i ↦ f(net, i, k).
template <class F>
SG_FN auto bind_sum(F const& f, int net, int k)
{
    if constexpr (requires { f.bind(net, k); })
        return f.bind(net, k);
    else
        return UnboundSum<F>{f, net, k};
}

}  // namespace sg
