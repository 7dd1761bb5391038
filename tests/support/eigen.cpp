// SPDX-License-Identifier: MIT
#include "tests/support/eigen.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>

#include "tests/support/random.hpp"

namespace sg::oracle {
namespace {

using Vec = std::vector<double>;

double dot(Vec const& a, Vec const& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_scaled(Vec& y, double s, Vec const& x) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += s * x[i];
}

// A full symmetric matrix whose rows are rotated in place; `vectors` gathers the rotations.
struct Jacobi {
    std::size_t n;
    Vec a;        // (n, n)
    Vec vectors;  // (n, n) rows

    double off_diagonal() const {
        double sum = 0;
        for (std::size_t p = 0; p < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q) sum += 2 * a[p * n + q] * a[p * n + q];
        return std::sqrt(sum);
    }

    void rotate_rows(Vec& m, std::size_t p, std::size_t q, double c, double s) const {
        for (std::size_t i = 0; i < n; ++i) {
            double const x = m[p * n + i], y = m[q * n + i];
            m[p * n + i] = c * x - s * y;
            m[q * n + i] = s * x + c * y;
        }
    }

    // Makes a(p, q) zero; of the two angles the smaller one, without which sweeps may not converge.
    void rotate(std::size_t p, std::size_t q) {
        double const apq = a[p * n + q], app = a[p * n + p], aqq = a[q * n + q];
        double const ratio = (aqq - app) / (2 * apq);
        double const t = (ratio < 0 ? -1 : 1) / (std::abs(ratio) + std::hypot(1.0, ratio));
        double const c = 1 / std::hypot(1.0, t), s = t * c;
        rotate_rows(a, p, q, c, s);
        rotate_rows(vectors, p, q, c, s);
        for (std::size_t i = 0; i < n; ++i) {  // by symmetry; the 2 × 2 block follows
            a[i * n + p] = a[p * n + i];
            a[i * n + q] = a[q * n + i];
        }
        a[p * n + p] = app - t * apq;
        a[q * n + q] = aqq + t * apq;
        a[p * n + q] = a[q * n + p] = 0;
    }

    void sweep() {
        for (std::size_t p = 0; p < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q)
                if (a[p * n + q] != 0) rotate(p, q);
    }
};

Jacobi load(std::span<double const> a, std::size_t n) {
    if (a.size() != n * n) throw std::invalid_argument("symmetric_eigen: the matrix is not n × n");
    Jacobi job{n, Vec(n * n), Vec(n * n)};
    for (std::size_t p = 0; p < n; ++p) {
        job.vectors[p * n + p] = 1;
        for (std::size_t q = p; q < n; ++q) {
            if (!std::isfinite(a[p * n + q]))
                throw std::invalid_argument("symmetric_eigen: an entry is not finite");
            job.a[p * n + q] = job.a[q * n + p] = a[p * n + q];
        }
    }
    return job;
}

Spectrum sorted(Jacobi const& job) {
    std::size_t const n = job.n;
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    auto const diagonal = [&](std::size_t k) { return job.a[k * n + k]; };
    std::sort(order.begin(), order.end(),
              [&](std::size_t i, std::size_t j) { return diagonal(i) < diagonal(j); });
    Spectrum out;
    for (std::size_t const k : order) {
        out.values.push_back(diagonal(k));
        auto const row = job.vectors.begin() + static_cast<std::ptrdiff_t>(k * n);
        out.vectors.insert(out.vectors.end(), row, row + static_cast<std::ptrdiff_t>(n));
    }
    return out;
}

}  // namespace

Spectrum symmetric_eigen(std::span<double const> a, int n) {
    Jacobi job = load(a, static_cast<std::size_t>(n));
    double const norm = std::sqrt(dot(job.a, job.a));
    int sweeps = 0;
    while (job.off_diagonal() > 1e-15 * norm) {
        // Convergence is quadratic: about ten sweeps at n = 600.
        if (++sweeps > 60) throw std::runtime_error("symmetric_eigen: no convergence in 60 sweeps");
        job.sweep();
    }
    return sorted(job);
}

namespace {

// The basis Q, and T = Qᵀ A Q by its two diagonals.
struct Krylov {
    Product const& product;
    std::size_t n;
    Random random;
    std::vector<Vec> basis;
    Vec alpha, beta;
    double scale = 0;  // largest entry of T so far

    // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, section 6.9).
    void orthogonalise(Vec& w) const {
        for (int pass = 0; pass < 2; ++pass)
            for (Vec const& q : basis) add_scaled(w, -dot(q, w), q);
    }

    Vec random_unit() {
        Vec q = random.normals(n);
        orthogonalise(q);
        double const norm = std::sqrt(dot(q, q));
        for (double& x : q) x /= norm;
        return q;
    }

    // Adds one vector with its product; beta.back() is then the coupling to the next one.
    Vec step(Vec q) {
        Vec w = product(q);
        alpha.push_back(dot(q, w));
        basis.push_back(std::move(q));
        orthogonalise(w);
        double const norm = std::sqrt(dot(w, w));
        scale = std::max({scale, std::abs(alpha.back()), norm});
        // An invariant subspace: its complement is searched too, and T falls into two blocks.
        bool const closed = norm <= 1e-13 * scale;
        beta.push_back(closed ? 0 : norm);
        if (basis.size() == n) return {};
        if (closed) return random_unit();
        for (double& x : w) x /= norm;
        return w;
    }

    Spectrum ritz() const {
        std::size_t const m = basis.size();
        Vec t(m * m);
        for (std::size_t k = 0; k < m; ++k) {
            t[k * m + k] = alpha[k];
            if (k + 1 < m) t[k * m + k + 1] = beta[k];
        }
        return symmetric_eigen(t, static_cast<int>(m));
    }

    TopEigenpair top(Spectrum const& ritz_pairs) const {
        std::size_t const m = basis.size();
        TopEigenpair out;
        out.steps = static_cast<int>(m);
        out.value = ritz_pairs.values.back();
        out.vector.assign(n, 0);
        for (std::size_t k = 0; k < m; ++k)
            add_scaled(out.vector, ritz_pairs.vectors[(m - 1) * m + k], basis[k]);
        Vec r = product(out.vector);
        add_scaled(r, -out.value, out.vector);
        out.residual = std::sqrt(dot(r, r));
        return out;
    }
};

}  // namespace

TopEigenpair lanczos_top(Product const& product, int n, LanczosLimits const& limits) {
    if (n < 1) throw std::invalid_argument("lanczos_top: n must be positive");
    Krylov krylov{product, static_cast<std::size_t>(n), Random(limits.seed), {}, {}, {}};
    int const last = std::min(n, limits.max_steps);
    Vec q = krylov.random_unit();
    for (int m = 1;; ++m) {
        q = krylov.step(std::move(q));
        // The Jacobi solution of T costs m³: it is asked for every tenth step only.
        if (m < last && (m < limits.min_steps || m % 10 != 0)) continue;
        Spectrum const pairs = krylov.ritz();
        double const bound = limits.tolerance * std::max(std::abs(pairs.values.front()),
                                                         std::abs(pairs.values.back()));
        if (m < last && krylov.beta.back() * std::abs(pairs.vectors.back()) > bound) continue;
        TopEigenpair out = krylov.top(pairs);
        out.converged = out.residual <= bound;
        if (out.converged || m == last) return out;
    }
}

}  // namespace sg::oracle
