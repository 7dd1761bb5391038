// SPDX-License-Identifier: MIT
// Arrays of tests: from host vectors into a space and back, and comparisons that a NaN fails.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "tests/support/oracle.hpp"

namespace sg::test {

using oracle::Vec;

template <class T>
std::vector<T> converted(Vec const& from) {
    return {from.begin(), from.end()};
}
template <class T>
Vec widened(std::vector<T> const& from) {
    return {from.begin(), from.end()};
}
// What is left of numbers that go through T: the oracle then starts from the same ones.
template <class T>
Vec rounded(Vec const& from) {
    return widened(converted<T>(from));
}

// A dense array of rank R that owns its memory; zero unless it is set.
template <class T, int R>
class Array {
public:
    template <class... E>
    explicit Array(Exec const& exec, E... extents)
        : exec_(exec), memory_(exec, (static_cast<std::int64_t>(extents) * ...)) {
        view_ = View<T, R>::dense(memory_.data(), extents...);
        exec_.fill(memory_.data(), 0, static_cast<std::size_t>(memory_.size()) * sizeof(T));
    }
    // From the host, whatever its numbers are.
    template <class U, class... E>
    Array(Exec const& exec, std::vector<U> const& from, E... extents) : Array(exec, extents...) {
        set(from);
    }

    template <class U>
    void set(std::vector<U> const& from) const {
        if (static_cast<std::int64_t>(from.size()) != memory_.size())
            throw std::invalid_argument("Array: the host vector does not have its size");
        std::vector<T> mine;
        for (U const& x : from) mine.push_back(static_cast<T>(x));
        from_host(exec_, mine, memory_.data());
    }
    std::vector<T> host() const { return to_host(exec_, memory_.data(), memory_.size()); }
    Vec wide() const { return widened(host()); }

    View<T, R> const& view() const { return view_; }
    View<T const, R> read() const { return view_; }
    T* data() const { return view_.data; }

private:
    Exec exec_;
    Buffer<T> memory_;
    View<T, R> view_;
};

// An object that carves its memory out of an arena, in exactly the memory that measuring asks for.
template <class X>
class Planned {
public:
    template <class... A>
    explicit Planned(Exec const& exec, A const&... a)
        : arena_(exec, measured(exec, a...)), object_(exec, arena_, a...) {}
    X& operator*() { return object_; }
    X* operator->() { return &object_; }

private:
    template <class... A>
    static std::size_t measured(Exec const& exec, A const&... a) {
        Arena arena;
        X const measuring(exec, arena, a...);
        return arena.largest();
    }
    Arena arena_;
    X object_;
};

template <class T>
testing::AssertionResult array_near(std::vector<T> const& a, Vec const& b, double tolerance) {
    if (a.size() != b.size())
        return testing::AssertionFailure() << "sizes " << a.size() << " and " << b.size();
    for (std::size_t i = 0; i < a.size(); ++i) {
        double const x = static_cast<double>(a[i]);
        if (!(std::abs(x - b[i]) <= tolerance))
            return testing::AssertionFailure()
                   << "entry " << i << " of " << a.size() << ": " << x << ", expected " << b[i]
                   << " within " << tolerance << ", off by " << x - b[i];
    }
    return testing::AssertionSuccess();
}

// Bit for bit, so that a NaN equals itself and -0 differs from 0.
template <class T>
testing::AssertionResult same_bits(std::vector<T> const& a, std::vector<T> const& b) {
    if (a.size() != b.size())
        return testing::AssertionFailure() << "sizes " << a.size() << " and " << b.size();
    for (std::size_t i = 0; i < a.size(); ++i)
        if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0)
            return testing::AssertionFailure() << "entry " << i << ": " << a[i] << " and " << b[i];
    return testing::AssertionSuccess();
}

// Row n of a dense (N, size) array on the host.
template <class T>
std::vector<T> row(std::vector<T> const& all, int n, std::int64_t size) {
    auto const first = all.begin() + n * size;
    return {first, first + size};
}

}  // namespace sg::test

#define EXPECT_ARRAY_NEAR(a, b, tolerance) EXPECT_TRUE(::sg::test::array_near(a, b, tolerance))
#define EXPECT_SAME_BITS(a, b) EXPECT_TRUE(::sg::test::same_bits(a, b))
