// SPDX-License-Identifier: MIT
// A borrowed, row-major, strided array. The first index is the network; its stride may be 0, which
// makes one array serve all networks.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/exec/error.hpp"
#include "cuda/exec/fn.hpp"

namespace sg {

// The last stride is 1.
template <class T, int R>
struct View {
    T* data = nullptr;
    std::int64_t extent[R] = {};
    std::int64_t stride[R] = {};

    View() = default;

    // Dense: strides follow from the extents.
    template <class... E>
    static View dense(T* data, E... extents)
    {
        static_assert(sizeof...(E) == R);
        View v;
        v.data = data;
        std::int64_t const all[] = {static_cast<std::int64_t>(extents)...};
        std::int64_t step = 1;
        for (int r = R; r-- > 0;) {
            v.extent[r] = all[r];
            v.stride[r] = step;
            step *= all[r];
        }
        return v;
    }

    // A View<float> is a View<float const>.
    template <class U>
        requires(std::is_same_v<U const, T> && !std::is_same_v<U, T>)
    View(View<U, R> const& v) : data(v.data)
    {
        for (int r = 0; r < R; ++r) {
            extent[r] = v.extent[r];
            stride[r] = v.stride[r];
        }
    }

    SG_FN T& operator()(std::int64_t i) const
        requires(R == 1)
    {
        return data[i];
    }
    SG_FN T& operator()(std::int64_t i, std::int64_t j) const
        requires(R == 2)
    {
        return data[i * stride[0] + j];
    }
    SG_FN T& operator()(std::int64_t i, std::int64_t j, std::int64_t k) const
        requires(R == 3)
    {
        return data[i * stride[0] + j * stride[1] + k];
    }

    SG_FN explicit operator bool() const { return data != nullptr; }
};

// The entries of each network as one row.   (N, B, w) → (N, B·w); the rows must be dense
template <class T>
View<T, 2> flat(View<T, 3> const& v)
{
    SG_EXPECT(v.stride[1] == v.extent[2]);
    View<T, 2> f;
    f.data = v.data;
    f.extent[0] = v.extent[0];
    f.extent[1] = v.extent[1] * v.extent[2];
    f.stride[0] = v.stride[0];
    f.stride[1] = 1;
    return f;
}

// Examples [first, first + count) of every network.   (N, B, w) → (N, count, w)
template <class T>
View<T, 3> examples(View<T, 3> v, std::int64_t first, std::int64_t count)
{
    SG_EXPECT(first >= 0 && first + count <= v.extent[1]);
    v.data += first * v.stride[1];
    v.extent[1] = count;
    return v;
}

// One matrix inside a parameter vector.   (N, P) → (N, rows, columns) at `offset`
template <class T>
View<T, 3> matrix(View<T, 2> const& v, std::int64_t offset, std::int64_t rows, std::int64_t columns)
{
    SG_EXPECT(offset >= 0 && offset + rows * columns <= v.extent[1]);
    View<T, 3> m;
    m.data = v.data + offset;
    m.extent[0] = v.extent[0];
    m.extent[1] = rows;
    m.extent[2] = columns;
    m.stride[0] = v.stride[0];
    m.stride[1] = columns;
    m.stride[2] = 1;
    return m;
}

// Vector j of each network's set.   (N, m, P) → (N, P)
template <class T>
View<T, 2> member(View<T, 3> const& v, std::int64_t j)
{
    SG_EXPECT(j >= 0 && j < v.extent[1]);
    View<T, 2> m;
    m.data = v.data + j * v.stride[1];
    m.extent[0] = v.extent[0];
    m.extent[1] = v.extent[2];
    m.stride[0] = v.stride[0];
    m.stride[1] = 1;
    return m;
}

// The set of network n.   (N, m, P) → (m, P)
template <class T>
View<T, 2> vectors_of(View<T, 3> const& v, std::int64_t n)
{
    SG_EXPECT(n >= 0 && n < v.extent[0]);
    View<T, 2> m;
    m.data = v.data + n * v.stride[0];
    m.extent[0] = v.extent[1];
    m.extent[1] = v.extent[2];
    m.stride[0] = v.stride[1];
    m.stride[1] = 1;
    return m;
}

// One vector of each network as a set of one.   (N, P) → (N, 1, P)
template <class T, class U>
View<T, 3> as_set(View<U, 2> const& v)
{
    View<T, 3> set;
    set.data = v.data;
    set.extent[0] = v.extent[0];
    set.extent[1] = 1;
    set.extent[2] = v.extent[1];
    set.stride[0] = set.stride[1] = v.stride[0];
    set.stride[2] = 1;
    return set;
}

// Networks [first, first + count).
template <class T, int R>
View<T, R> networks(View<T, R> v, std::int64_t first, std::int64_t count)
{
    v.data += first * v.stride[0];
    v.extent[0] = count;
    return v;
}

}  // namespace sg
