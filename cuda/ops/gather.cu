// SPDX-License-Identifier: MIT
#include "cuda/ops/gather.hpp"

#include "cuda/exec/each.hpp"

namespace sg {

// x(e, d) = (pixel − mean) / deviation.   The launch runs over the G·B examples, as if each were a network
template <class T>
struct Standardise {
    View<std::uint8_t const, 2> pixels;
    double const *mean, *inverse_deviation;
    std::int32_t const* index;
    View<T, 2> x;
    SG_FN void operator()(int e, std::int64_t d) const
    {
        std::int32_t const from = index[e];
        x(e, d) = static_cast<T>((pixels(from, d) - mean[from]) * inverse_deviation[from]);
    }
};

// x(e, d) = value
template <class T>
struct TakeValues {
    View<float const, 2> values;
    std::int32_t const* index;
    View<T, 2> x;
    SG_FN void operator()(int e, std::int64_t d) const
    {
        x(e, d) = static_cast<T>(values(index[e], d));
    }
};

// labels(e) = label of example index(e)
struct TakeLabels {
    std::int32_t const *label, *index;
    std::int32_t* out;
    SG_FN void operator()(int, std::int64_t e) const { out[e] = label[index[e]]; }
};

template <class T>
void gather(Exec const& exec, ExampleData const& data, View<std::int32_t const, 2> const& index,
            View<T, 3> const& x, View<std::int32_t, 2> const& labels)
{
    std::int64_t const count = index.extent[0] * index.extent[1], inputs = x.extent[2];
    SG_EXPECT(x.extent[0] * x.extent[1] == count && labels.extent[0] * labels.extent[1] == count);
    auto const all = View<T, 2>::dense(x.data, count, inputs);
    Nets const every{static_cast<int>(count)};
    if (data.pixels)
        each(exec, "standardise", every, inputs,
             Standardise<T>{data.pixels, data.mean, data.inverse_deviation, index.data, all});
    else
        each(exec, "take_values", every, inputs, TakeValues<T>{data.values, index.data, all});
    each(exec, "take_labels", Nets{1}, count, TakeLabels{data.label, index.data, labels.data});
}

#define SG_INSTANTIATE(T)                                                                          \
    template void gather(Exec const&, ExampleData const&, View<std::int32_t const, 2> const&,      \
                         View<T, 3> const&, View<std::int32_t, 2> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
