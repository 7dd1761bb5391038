// SPDX-License-Identifier: MIT
#include "cuda/sharpness/basis.hpp"

#include <cmath>
#include <limits>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"

namespace sg {

// Coefficients of w ← w − Σ_j (V_j · w) V_j. The first pass keeps w · w as it was, in b(n, 0).
struct SubtractDots {
    BasisScalars s;
    int k;
    bool first;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.one(n, 0) = 1;
        if (first) s.b(n, 0) = s.dots(n, k);
        for (int j = 0; j < k; ++j) s.a(n, j) = -s.dots(n, j);
    }
};

// factor(n) = 1 / |w| from w · w; 0 for a null or non-finite vector, and where what is left of w is rounding
// (`rounding` of its norm before; 0: w was not projected).
struct Normalise {
    BasisScalars s;
    double rounding;
    SG_FN void operator()(int n, std::int64_t) const
    {
        double const square = s.dots(n, 0);
        double const noise = rounding > 0 ? rounding * rounding * s.b(n, 0) : 0;
        bool const usable = square > noise && square < INFINITY;
        s.one(n, 0) = usable ? 1 / sqrt(square) : 0;
    }
};

// no_refill(n) ← factor(n) > 0: a vector that was cleared asks for a refill. After the scaling, whose launch reads the same bytes.
struct FlagNull {
    BasisScalars s;
    SG_FN void operator()(int n, std::int64_t) const { s.no_refill[n] = s.one(n, 0) > 0; }
};

template <class T>
void project_out(Exec const& exec, Nets nets, View<T, 3> const& V, int k, BasisScalars const& s)
{
    auto const w = member(V, k);
    for (int pass = 0; pass < 2 && k > 0; ++pass) {
        dots<T>(exec, nets, V, k, w, pass == 0, s.dots);
        each(exec, "subtract_dots", nets, 1, SubtractDots{s, k, pass == 0});
        combine<T>(exec, nets, w, V, {}, {s.one, s.a, {}, nullptr}, k);
    }
    dots<T>(exec, nets, V, 0, w, true, s.dots);
}

template <class T>
void orthonormalise(Exec const& exec, Nets nets, View<T, 3> const& V, int k, BasisScalars const& s)
{
    project_out(exec, nets, V, k, s);
    double const rounding = k > 0 ? 64 * static_cast<double>(std::numeric_limits<T>::epsilon()) : 0;
    each(exec, "normalise", nets, 1, Normalise{s, rounding});
    scale<T>(exec, nets, member(V, k), s.one);
    each(exec, "flag_null", nets, 1, FlagNull{s});
}

template <class T>
void refill(Exec const& exec, int count, View<T, 3> const& V, int k, BasisScalars const& s,
            RandomSource const& random, int vector)
{
    Nets const nets{count, s.no_refill};
    random_signs<T>(exec, nets, false, 1, random.seed, random.key, vector, member(V, k));
    orthonormalise(exec, nets, V, k, s);
}

#define SG_INSTANTIATE(T)                                                                         \
    template void project_out(Exec const&, Nets, View<T, 3> const&, int, BasisScalars const&);    \
    template void orthonormalise(Exec const&, Nets, View<T, 3> const&, int, BasisScalars const&); \
    template void refill(Exec const&, int, View<T, 3> const&, int, BasisScalars const&,           \
                         RandomSource const&, int);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
