// SPDX-License-Identifier: MIT
#include "cuda/ops/vectors.hpp"

#include <algorithm>

#include "cuda/exec/each.hpp"
#include "cuda/exec/rows.hpp"

namespace sg {

// v ← e_j
template <class T>
struct UnitVector {
    View<T, 2> v;
    std::int64_t j;
    SG_FN void operator()(int n, std::int64_t i) const { v(n, i) = i == j ? T(1) : T(0); }
};

// v · w for two vectors of one network
template <class T>
struct Product {
    T const *v, *w;
    SG_FN double operator()(std::int64_t i) const
    {
        return static_cast<double>(v[i]) * static_cast<double>(w[i]);
    }
};

// Sum k is j = first + k.   j < count: V_j · w;   j = count: w · w
template <class T>
struct Dots {
    View<T const, 3> V;
    View<T const, 2> w;
    int first, count;
    SG_FN Product<T> bind(int n, int k) const
    {
        int const j = first + k;
        return {j < count ? &V(n, j, 0) : &w(n, 0), &w(n, 0)};
    }
};

enum class Keep { nothing, all, factor };

// to ← keep to + Σ_{q<4} (a_q v_q + b_q u_q) for one network
template <class T, Keep keep, bool both>
struct CombineFour {
    T* to;
    T const *v[4], *u[4];
    T a[4], b[4], factor;
    SG_FN void operator()(std::int64_t i) const
    {
        T sum = keep == Keep::nothing ? T(0) : keep == Keep::all ? to[i] : factor * to[i];
        for (int q = 0; q < 4; ++q) {
            sum += a[q] * v[q][i];
            if constexpr (both) sum += b[q] * u[q][i];
        }
        to[i] = sum;
    }
};

// Terms q = first ... first + 3 of to ← keep to + Σ_q (a_q V_q + b_q U_q). One beyond the vectors of the network has coefficient 0 and
// reads vector 0: the others may hold anything.
template <class T, Keep keep, bool both>
struct Combine {
    View<T, 2> to;
    View<T const, 3> V, U;
    Coefficients by;
    int first, count;

    SG_FN CombineFour<T, keep, both> bind(int n) const
    {
        CombineFour<T, keep, both> f{};
        int const used = by.used && by.used[n] < count ? by.used[n] : count;
        f.to = &to(n, 0);
        f.factor = keep == Keep::factor ? static_cast<T>(by.keep(n, 0)) : T(1);
        for (int q = 0; q < 4; ++q) {
            bool const in = first + q < used;
            int const j = in ? first + q : 0;
            f.v[q] = &V(n, j, 0);
            f.a[q] = in ? static_cast<T>(by.a(n, j)) : T(0);
            if constexpr (both) {
                f.u[q] = &U(n, j, 0);
                f.b[q] = in ? static_cast<T>(by.b(n, j)) : T(0);
            }
        }
        return f;
    }
};

// w ← factor w
template <class T>
struct Scale {
    View<T, 2> w;
    View<double const, 2> factor;
    SG_FN void operator()(int n, std::int64_t i) const { w(n, i) *= static_cast<T>(factor(n, 0)); }
};

// to ← from
template <class T>
struct Copy {
    View<T, 2> to;
    View<T const, 2> from;
    SG_FN void operator()(int n, std::int64_t i) const { to(n, i) = from(n, i); }
};

// V_j ← Σ_i y(j, i) V_i, j < pairs: each thread owns one component of all vectors.   V: (N, count, P)
template <class T, int pairs>
struct Rotate {
    View<T, 3> V;
    View<double const, 3> y;
    int count;
    SG_FN void operator()(int n, std::int64_t p) const
    {
        T sum[pairs] = {};
        for (int i = 0; i < count; ++i) {
            T const v = V(n, i, p);
            for (int j = 0; j < pairs; ++j) sum[j] += static_cast<T>(y(n, j, i)) * v;
        }
        for (int j = 0; j < pairs; ++j) V(n, j, p) = sum[j];
    }
};

// Threads that share one Philox block. On the GPU eight, so that the entries they touch together are whole
// sectors of 32 bytes: computing the block eight times is cheaper than a sector for each entry. The CPU takes a
// block at once.
SG_FN constexpr int sign_lanes(bool on_cpu) { return on_cpu ? 1 : 8; }

// 128 entries of w from the 128 bits of one Philox block: w ← keep w ± size
template <class T>
struct RandomSigns {
    View<T, 2> w;
    std::uint64_t const* seed;
    RandomKey const* key;
    std::uint32_t vector;
    T keep, size;
    SG_FN void operator()(int n, std::int64_t index) const
    {
#ifdef __CUDA_ARCH__
        constexpr int lanes = sign_lanes(false);
#else
        constexpr int lanes = sign_lanes(true);
#endif
        std::int64_t const block = index / lanes;
        RandomKey const mine{seed[n], key->purpose, vector, key->step};
        auto const bits = random_bits(mine, static_cast<std::uint64_t>(block));
        std::int64_t const first = block * 128;
        int const entries = static_cast<int>(w.extent[1] - first < 128 ? w.extent[1] - first : 128);
        for (int e = static_cast<int>(index % lanes); e < entries; e += lanes) {
            T const sign = (bits.word[e >> 5] >> (e & 31)) & 1u ? size : -size;
            w(n, first + e) = (keep != T(0) ? w(n, first + e) : T(0)) + sign;
        }
    }
};

template <class T>
void dots(Exec const& exec, Nets nets, View<T const, 3> const& V, int count,
          View<T const, 2> const& w, bool square, View<double, 2> const& out)
{
    SG_EXPECT(V.extent[2] == w.extent[1] && count <= V.extent[1]);
    SG_EXPECT(count + square <= out.extent[1]);
    auto part = out;
    for (int first = 0; first < count + square; first += rows_limit) {
        int const sums = std::min(rows_limit, count + square - first);
        part.data = out.data + first;
        rows(exec, "dots", nets, w.extent[1], sums, Dots<T>{V, w, first, count}, part);
    }
}

namespace {

template <class T, Keep keep>
void combine_four(Exec const& exec, Nets nets, View<T, 2> const& to, View<T const, 3> const& V,
                  View<T const, 3> const& U, Coefficients const& by, int first, int count)
{
    auto const n = to.extent[1];
    if (by.b)
        each(exec, "combine", nets, n, Combine<T, keep, true>{to, V, U, by, first, count});
    else
        each(exec, "combine", nets, n, Combine<T, keep, false>{to, V, U, by, first, count});
}

}  // namespace

template <class T>
void combine(Exec const& exec, Nets nets, View<T, 2> const& to, View<T const, 3> const& V,
             View<T const, 3> const& U, Coefficients const& by, int count)
{
    SG_EXPECT(count >= 1 && V.extent[2] == to.extent[1]);
    if (by.keep)
        combine_four<T, Keep::factor>(exec, nets, to, V, U, by, 0, count);
    else
        combine_four<T, Keep::nothing>(exec, nets, to, V, U, by, 0, count);
    for (int q = 4; q < count; q += 4)
        combine_four<T, Keep::all>(exec, nets, to, V, U, by, q, count);
}

template <class T>
void scale(Exec const& exec, Nets nets, View<T, 2> const& w, View<double const, 2> const& factor)
{
    each(exec, "scale", nets, w.extent[1], Scale<T>{w, factor});
}

template <class T>
void unit_vector(Exec const& exec, Nets nets, std::int64_t j, View<T, 2> const& v)
{
    each(exec, "unit_vector", nets, v.extent[1], UnitVector<T>{v, j});
}

template <class T>
void copy(Exec const& exec, Nets nets, View<T, 2> const& to, View<T const, 2> const& from)
{
    SG_EXPECT(to.extent[1] == from.extent[1]);
    each(exec, "copy", nets, to.extent[1], Copy<T>{to, from});
}

template <class T>
void rotate(Exec const& exec, Nets nets, View<T, 3> const& V, View<double const, 3> const& y, int count)
{
    auto const pairs = y.extent[1];
    SG_EXPECT(count >= pairs && count <= V.extent[1]);
    SG_EXPECT(pairs == 4 || pairs == 8 || pairs == 12 || pairs == 16);
    auto const run = [&](auto const& f) { each(exec, "rotate", nets, V.extent[2], f); };
    if (pairs == 4) run(Rotate<T, 4>{V, y, count});
    if (pairs == 8) run(Rotate<T, 8>{V, y, count});
    if (pairs == 12) run(Rotate<T, 12>{V, y, count});
    if (pairs == 16) run(Rotate<T, 16>{V, y, count});
}

template <class T>
void random_signs(Exec const& exec, Nets nets, bool keep, double size, std::uint64_t const* seed,
                  RandomKey const* key, int vector, View<T, 2> const& w)
{
    each(exec, "random_signs", nets, (w.extent[1] + 127) / 128 * sign_lanes(exec.on_cpu()),
         RandomSigns<T>{w, seed, key, static_cast<std::uint32_t>(vector), keep ? T(1) : T(0),
                        static_cast<T>(size)});
}

#define SG_INSTANTIATE(T)                                                                          \
    template void dots(Exec const&, Nets, View<T const, 3> const&, int, View<T const, 2> const&,   \
                       bool, View<double, 2> const&);                                              \
    template void combine(Exec const&, Nets, View<T, 2> const&, View<T const, 3> const&,           \
                          View<T const, 3> const&, Coefficients const&, int);                      \
    template void scale(Exec const&, Nets, View<T, 2> const&, View<double const, 2> const&);       \
    template void unit_vector(Exec const&, Nets, std::int64_t, View<T, 2> const&);                 \
    template void copy(Exec const&, Nets, View<T, 2> const&, View<T const, 2> const&);             \
    template void rotate(Exec const&, Nets, View<T, 3> const&, View<double const, 3> const&, int); \
    template void random_signs(Exec const&, Nets, bool, double, std::uint64_t const*,              \
                               RandomKey const*, int, View<T, 2> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
