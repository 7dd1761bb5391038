// SPDX-License-Identifier: MIT
// Who owns memory. A Buffer is one allocation; an Arena is one allocation that a worker makes once and
// carves into views, so that nothing is allocated inside the training loop.
#pragma once

#include <utility>
#include <vector>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

template <class T>
class Buffer {
public:
    Buffer() = default;
    Buffer(Exec const& exec, std::int64_t count)
        : exec_(std::make_shared<Exec>(exec)),
          data_(static_cast<T*>(exec.allocate(static_cast<std::size_t>(count) * sizeof(T)))),
          count_(count)
    {
    }
    Buffer(Exec const& exec, std::vector<T> const& from)
        : Buffer(exec, static_cast<std::int64_t>(from.size()))
    {
        exec.copy_in(data_, from.data(), from.size() * sizeof(T));
    }
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept
    {
        swap(other);
        return *this;
    }
    ~Buffer()
    {
        if (data_) exec_->release(data_);
    }

    T* data() const { return data_; }
    std::int64_t size() const { return count_; }

private:
    void swap(Buffer& other) noexcept
    {
        std::swap(exec_, other.exec_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }

    std::shared_ptr<Exec const> exec_;
    T* data_ = nullptr;
    std::int64_t count_ = 0;
};

// Host memory that results are fetched into; read it after the wait that follows.
template <class T>
class Pinned {
public:
    Pinned() = default;  // null, and for plans
    Pinned(Exec const& exec, std::int64_t count)
        : exec_(std::make_shared<Exec>(exec)),
          data_(static_cast<T*>(
              exec.allocate_pinned(static_cast<std::size_t>(count) * sizeof(T)))),
          count_(count)
    {
    }
    Pinned(Pinned&& other) noexcept { swap(other); }
    Pinned& operator=(Pinned&& other) noexcept
    {
        swap(other);
        return *this;
    }
    ~Pinned()
    {
        if (data_) exec_->release_pinned(data_);
    }

    // The first `count` numbers at `from`, in the space of the Exec.
    void fetch(T const* from, std::int64_t count)
    {
        SG_EXPECT(count <= count_);
        exec_->fetch(data_, from, static_cast<std::size_t>(count) * sizeof(T));
    }
    T const& operator[](std::size_t i) const { return data_[i]; }
    T const* data() const { return data_; }

private:
    void swap(Pinned& other) noexcept
    {
        std::swap(exec_, other.exec_);
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
    }

    std::shared_ptr<Exec const> exec_;
    T* data_ = nullptr;
    std::int64_t count_ = 0;
};

// Carves views out of one allocation. Without memory it only measures: the plan runs the same code.
class Arena {
public:
    Arena() = default;  // measures
    Arena(Exec const& exec, std::size_t bytes);

    // ResourceError if more is taken than was planned.
    template <class T, int R, class... E>
    View<T, R> take(E... extents)
    {
        std::size_t count = 1;
        ((count *= static_cast<std::size_t>(extents)), ...);
        return View<T, R>::dense(static_cast<T*>(carve(count * sizeof(T))), extents...);
    }
    // The same with each row on its own cache lines: for parameter vectors, whose length may be anything, so
    // that those of all networks are aligned alike. What lies between the rows is never read.
    template <class T, int R, class... E>
    View<T, R> take_rows(E... extents)
    {
        constexpr std::int64_t line = 64 / sizeof(T);
        std::int64_t all[] = {static_cast<std::int64_t>(extents)...};
        std::int64_t const length = all[R - 1];
        all[R - 1] = (length + line - 1) / line * line;
        std::int64_t count = 1;
        for (auto const e : all) count *= e;
        auto view = View<T, R>::dense(
            static_cast<T*>(carve(static_cast<std::size_t>(count) * sizeof(T))), extents...);
        for (std::int64_t r = R - 1, step = all[R - 1]; r-- > 0; step *= all[r]) view.stride[r] = step;
        return view;
    }
    // Views taken since `mark` are given back: their memory serves the next ones.
    std::size_t mark() const { return used_; }
    void rewind(std::size_t mark) { used_ = mark; }
    std::size_t largest() const { return largest_; }  // most bytes that were in use at once
    bool measuring() const { return memory_.data() == nullptr; }

private:
    void* carve(std::size_t bytes);

    Buffer<unsigned char> memory_;
    std::size_t used_ = 0;
    std::size_t largest_ = 0;
};

// The only way off a device; it waits.
template <class T>
std::vector<std::remove_const_t<T>> to_host(Exec const& exec, T const* data, std::int64_t count)
{
    std::vector<std::remove_const_t<T>> host(static_cast<std::size_t>(count));
    exec.copy_out(host.data(), data, host.size() * sizeof(T));
    return host;
}
// The rows of v, one behind the other.   v: (N, n)
template <class T>
std::vector<std::remove_const_t<T>> to_host(Exec const& exec, View<T, 2> const& v)
{
    std::vector<std::remove_const_t<T>> host(static_cast<std::size_t>(v.extent[0] * v.extent[1]));
    auto const row = static_cast<std::size_t>(v.extent[1]);
    for (std::int64_t n = 0; n < v.extent[0]; ++n)
        exec.copy_out(host.data() + static_cast<std::size_t>(n) * row, &v(n, 0), row * sizeof(T));
    return host;
}
template <class T>
void from_host(Exec const& exec, std::vector<T> const& host, View<T, 2> const& v)
{
    SG_EXPECT(static_cast<std::int64_t>(host.size()) == v.extent[0] * v.extent[1]);
    auto const row = static_cast<std::size_t>(v.extent[1]);
    for (std::int64_t n = 0; n < v.extent[0]; ++n)
        exec.copy_in(&v(n, 0), host.data() + static_cast<std::size_t>(n) * row, row * sizeof(T));
}
template <class T>
void from_host(Exec const& exec, std::vector<T> const& host, T* data)
{
    exec.copy_in(data, host.data(), host.size() * sizeof(T));
}

}  // namespace sg
