// SPDX-License-Identifier: MIT
// The k largest, or smallest, eigenvalues of the Hessian of each network, by Rayleigh-Ritz on a block Krylov
// space with thick restart. The block has k vectors, so k copies of one eigenvalue are found (with a zero last
// layer the top is nearly K-fold, and from one vector a Krylov space has one copy).
#pragma once

#include "cuda/sharpness/krylov.hpp"
#include "cuda/sharpness/ritz.hpp"

namespace sg {

inline constexpr int most_extremes = 16;

// A pair converged when |H x − θ x| ≤ tolerance · max(|θ|, floor · |H|) and the last block of products raised
// θ by less than gain times that.
struct ExtremesRule {
    double tolerance = 3e-3;
    double floor = 0.1;
    double gain = 1e-1;
    int max_products = 600;
};

struct ExtremesScalars;

template <class T>
class Extremes {
public:
    // Vectors that a search for k eigenvalues needs: all of them in small networks.
    static int vectors(std::int64_t params, int k);

    // For at most `most` eigenvalues. `krylov` has as many vectors as most of them need.
    // UserError: more eigenvalues than parameters.
    Extremes(Exec const& exec, Arena& arena, Model const& model, int nets, int most, Krylov<T>& krylov);

    // The k largest, or smallest, eigenvalues at the θ at which `hessian` was linearised, each with its
    // residual |H x − λ x|, for which one more product is spent. A collapsed network has zeros without a
    // product; one whose products are not finite has NaN.
    void run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed, int k, bool smallest,
             int step, ExtremesRule const& rule = {});

    // (N, most), the first k of the last run; in the space of the Exec. Status and products are krylov's.
    View<double, 2> values() const { return values_; }
    View<double, 2> residuals() const { return residuals_; }

private:
    struct Shape {
        int k, block, kept, dimension;
        bool whole;  // the space is all there is
    };
    static Shape shape(std::int64_t params, int k);

    void span_everything();
    void search(Shape const& shape, ExtremesRule const& rule);
    void judge(Shape const& shape, int held, ExtremesRule const& rule);
    void restart(Shape const& shape);
    void find_residuals(Shape const& shape, int sign);
    ExtremesScalars scalars(Shape const& shape) const;

    Exec exec_;
    std::int64_t params_;
    Krylov<T>& krylov_;
    View<double, 3> y_;                                // (N, 16, m)
    View<double, 2> theta_, before_, values_, residuals_;  // (N, 16), (N, 16), (N, most), (N, most)
    View<int, 1> used_;                                // (N) vectors of the space at the end
    View<unsigned char, 1> unusable_;                  // (N)
};

}  // namespace sg
