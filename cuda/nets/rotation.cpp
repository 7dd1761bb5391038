// SPDX-License-Identifier: MIT
#include "cuda/nets/rotation.hpp"

#include <lapacke.h>

#include <algorithm>

namespace sg {

std::int64_t rotated_inputs(std::int64_t examples, std::int64_t inputs)
{
    return examples <= 4 * inputs ? std::min(examples, inputs) : 0;
}

template <class T>
std::vector<T> rotate_examples(std::vector<T> const& x, std::int64_t examples, std::int64_t inputs)
{
    SG_EXPECT(static_cast<std::int64_t>(x.size()) == examples * inputs);
    auto const M = static_cast<lapack_int>(examples), D = static_cast<lapack_int>(inputs);
    std::int64_t const r = std::min(examples, inputs);
    // The rows of X are the columns of Xᵀ = Qᵀ Lᵀ: its QR factorisation leaves row i of L in row i.
    std::vector<double> a(x.begin(), x.end()), scale(static_cast<std::size_t>(r));
    auto const fault = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, D, M, a.data(), D, scale.data());
    if (fault == LAPACK_WORK_MEMORY_ERROR) throw std::bad_alloc();
    SG_EXPECT(fault == 0);
    std::vector<T> L(static_cast<std::size_t>(examples * r), T{0});
    for (std::int64_t i = 0; i < examples; ++i)
        for (std::int64_t j = 0; j < std::min(i + 1, r); ++j)
            L[static_cast<std::size_t>(i * r + j)] = static_cast<T>(a[static_cast<std::size_t>(i * inputs + j)]);
    return L;
}

Model rotated(Model model, std::int64_t inputs)
{
    SG_EXPECT(inputs > 0 && inputs <= model.inputs);
    TensorTable table;
    for (auto const& t : model.tensors.all()) {
        auto const in = t.layer == 0 ? inputs : t.fan_in;
        int const at = table.add(t.name, t.layer, in, t.fan_out, t.deviation * t.deviation);
        auto& layer = std::get<Dense>(model.layers.at(static_cast<std::size_t>(t.layer)));
        layer.in = in;
        layer.offset = table[at].offset;
    }
    model.tensors = std::move(table);
    model.inputs = inputs;
    return model;
}

template std::vector<float> rotate_examples(std::vector<float> const&, std::int64_t, std::int64_t);
template std::vector<double> rotate_examples(std::vector<double> const&, std::int64_t, std::int64_t);

}  // namespace sg
