// SPDX-License-Identifier: MIT
#include "host/examples.hpp"

#include "cuda/nets/rotation.hpp"
#include "cuda/train/batches.hpp"

namespace sg {

namespace {

// The array itself on the CPU, a copy of it on a device.
template <class V>
V const* reach(Exec const& exec, std::vector<V> const& host, Buffer<V>& buffer)
{
    if (host.empty()) return nullptr;
    if (exec.on_cpu()) return host.data();
    buffer = Buffer<V>(exec, host);
    return buffer.data();
}

}  // namespace

template <class T>
Examples<T>::Examples(Exec const& exec, Dataset const& dataset, std::int64_t measured)
    : count_(dataset.examples)
{
    auto const X = dataset.examples, D = std::int64_t{dataset.inputs};
    if (auto const* pixels = reach(exec, dataset.pixels, pixels_))
        data_.pixels = View<std::uint8_t const, 2>::dense(pixels, X, D);
    if (auto const* values = reach(exec, dataset.values, values_))
        data_.values = View<float const, 2>::dense(values, X, D);
    data_.mean = reach(exec, dataset.mean, mean_);
    data_.inverse_deviation = reach(exec, dataset.inverse_deviation, inverse_deviation_);
    data_.label = reach(exec, dataset.labels, label_);

    index_ = Buffer<std::int32_t>(exec, measurement_examples(X, measured));
    measured_label_ = Buffer<std::int32_t>(exec, measured);
    x_ = Buffer<T>(exec, measured * D);
    x_view_ = View<T, 3>::dense(x_.data(), 1, measured, D);
    label_view_ = View<std::int32_t, 2>::dense(measured_label_.data(), 1, measured);
    gather(exec, data_, View<std::int32_t const, 2>::dense(index_.data(), 1, measured), x_view_,
           label_view_);
    exec.wait();
    if (auto const r = rotated_inputs(measured, D); r > 0) {
        rotated_ = Buffer<T>(exec, rotate_examples(to_host(exec, x_.data(), measured * D), measured, D));
        rotated_view_ = View<T, 3>::dense(rotated_.data(), 1, measured, r);
    }
}

template <class T>
Batch<T> Examples<T>::measurement() const
{
    return {x_view_, {label_view_, nullptr}, nullptr, rotated_view_};
}

template <class T>
std::size_t Examples<T>::measurement_bytes(std::int64_t measured, std::int64_t inputs)
{
    return static_cast<std::size_t>(measured) *
           (static_cast<std::size_t>(inputs + rotated_inputs(measured, inputs)) * sizeof(T) +
            2 * sizeof(std::int32_t));
}

template class Examples<float>;
template class Examples<double>;

}  // namespace sg
