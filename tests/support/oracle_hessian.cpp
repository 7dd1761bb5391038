// SPDX-License-Identifier: MIT
// Second derivatives of the oracle: two independent Hessian-vector products and what rests on them.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "tests/support/backprop.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/dual.hpp"
#include "tests/support/oracle.hpp"

namespace sg::oracle {
namespace {

double dot(Vec const& a, Vec const& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double norm(Vec const& a) { return std::sqrt(dot(a, a)); }

Net moved(Net const& net, double step, Vec const& v) {
    Net out = net;
    for (std::size_t p = 0; p < v.size(); ++p) out.theta[p] += step * v[p];
    return out;
}

void check_vector(Net const& net, Vec const& v) {
    if (v.size() != net.theta.size())
        throw std::invalid_argument("oracle: the vector does not have one entry per parameter");
}

Vec central_difference(Net const& net, Examples const& examples, Loss kind, Vec const& v,
                       double h) {
    Vec out = gradient(moved(net, h, v), examples, kind);
    Vec const below = gradient(moved(net, -h, v), examples, kind);
    for (std::size_t p = 0; p < out.size(); ++p) out[p] = (out[p] - below[p]) / (2 * h);
    return out;
}

}  // namespace

// With a relative step r the truncation is of order r⁴ = 1e-12 after the extrapolation, and the
// rounding of order 1e-16 / r = 1e-13: 1e-3 balances the two.
double difference_step(Net const& net, Vec const& v) {
    check_vector(net, v);
    double const size = norm(net.theta), length = norm(v);
    return length > 0 ? 1e-3 * (size > 0 ? size : 1) / length : 1;
}

Vec Hv(Net const& net, Examples const& examples, Loss kind, Vec const& v) {
    double const h = difference_step(net, v);
    Vec const wide = central_difference(net, examples, kind, v, h);
    Vec out = central_difference(net, examples, kind, v, h / 2);
    for (std::size_t p = 0; p < out.size(); ++p) out[p] += (out[p] - wide[p]) / 3;
    return out;
}

bool crosses_kink(Net const& net, Examples const& examples, Vec const& v) {
    double const h = difference_step(net, v);
    std::vector<char> const here = sign_pattern(net, examples);
    return sign_pattern(moved(net, h, v), examples) != here ||
           sign_pattern(moved(net, -h, v), examples) != here;
}

Vec exact_Hv(Net const& net, Examples const& examples, Loss kind, Vec const& v) {
    detail::check(net, examples);
    check_vector(net, v);
    std::vector<Dual> theta(v.size());
    for (std::size_t p = 0; p < v.size(); ++p) theta[p] = {net.theta[p], v[p]};
    std::vector<Dual> const g = detail::gradient_of(net.spec, theta, examples, kind);
    Vec out(v.size());
    std::transform(g.begin(), g.end(), out.begin(), [](Dual d) { return d.tangent; });
    return out;
}

DenseHessian dense_hessian(Net const& net, Examples const& examples, Loss kind) {
    std::size_t const n = net.theta.size();
    DenseHessian out{static_cast<int>(n), {}, 0};
    for (std::size_t p = 0; p < n; ++p) {
        Vec unit(n);
        unit[p] = 1;
        Vec const column = exact_Hv(net, examples, kind, unit);
        out.h.insert(out.h.end(), column.begin(), column.end());
    }
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) {
            double &below = out.h[i * n + j], &above = out.h[j * n + i];
            out.asymmetry = larger(out.asymmetry, std::abs(below - above));
            below = above = 0.5 * (below + above);
        }
    return out;
}

Spectrum hessian_spectrum(Net const& net, Examples const& examples, Loss kind) {
    DenseHessian const dense = dense_hessian(net, examples, kind);
    return symmetric_eigen(dense.h, dense.n);
}

TopEigenpair top_eigenvalue(Net const& net, Examples const& examples, Loss kind,
                            LanczosLimits const& limits) {
    detail::check(net, examples);
    auto const product = [&](Vec const& v) { return exact_Hv(net, examples, kind, v); };
    return lanczos_top(product, static_cast<int>(net.theta.size()), limits);
}

PowerResult power(Net const& net, Examples const& examples, Loss kind, Vec const& start,
                  int iterations) {
    auto const normalised = [](Vec v) {
        double const length = norm(v);
        for (double& x : v) x /= length;
        return v;
    };
    Vec u = normalised(start);
    for (int k = 0; k < iterations; ++k) u = normalised(exact_Hv(net, examples, kind, u));
    double const sharpness = dot(u, exact_Hv(net, examples, kind, u));
    return {sharpness, std::move(u)};
}

}  // namespace sg::oracle
