// SPDX-License-Identifier: MIT
#include "cuda/nets/tensors.hpp"

#include <cmath>

#include "cuda/exec/each.hpp"
#include "cuda/exec/random.hpp"

namespace sg {

// Entries 2i and 2i + 1 of a tensor: N(0, deviation²).   theta: (N, P)
template <class T>
struct InitialiseNormal {
    View<T, 2> theta;
    std::uint64_t const* seed;
    RandomKey key;
    std::int64_t offset, size;
    double deviation;
    SG_FN void operator()(int n, std::int64_t pair) const
    {
        RandomKey mine = key;
        mine.seed = seed[n];
        auto const normals = random_normals(mine, static_cast<std::uint64_t>(pair));
        theta(n, offset + 2 * pair) = static_cast<T>(deviation * normals.first);
        if (2 * pair + 1 < size)
            theta(n, offset + 2 * pair + 1) = static_cast<T>(deviation * normals.second);
    }
};

// A tensor of zeros.   theta: (N, P)
template <class T>
struct InitialiseZero {
    View<T, 2> theta;
    std::int64_t offset;
    SG_FN void operator()(int n, std::int64_t i) const { theta(n, offset + i) = T(0); }
};

int TensorTable::add(std::string name, int layer, std::int64_t fan_in, std::int64_t fan_out,
                     double variance)
{
    SG_EXPECT(fan_in > 0 && fan_out > 0 && variance >= 0);
    tensors_.push_back({std::move(name), layer, fan_in, fan_out, size_, std::sqrt(variance)});
    size_ += fan_in * fan_out;
    return static_cast<int>(tensors_.size()) - 1;
}

template <class T>
void initialise(Exec const& exec, Nets nets, TensorTable const& table, std::uint64_t const* seed,
                View<T, 2> const& theta)
{
    SG_EXPECT(theta.extent[1] == table.size());
    for (std::size_t t = 0; t < table.all().size(); ++t) {
        auto const& tensor = table.all()[t];
        if (tensor.deviation == 0) {
            each(exec, "initialise_zero", nets, tensor.size(),
                 InitialiseZero<T>{theta, tensor.offset});
            continue;
        }
        RandomKey const key{0, Purpose::weights, static_cast<std::uint32_t>(t), 0};
        each(exec, "initialise_normal", nets, (tensor.size() + 1) / 2,
             InitialiseNormal<T>{theta, seed, key, tensor.offset, tensor.size(), tensor.deviation});
    }
}

#define SG_INSTANTIATE(T)                                                                          \
    template void initialise(Exec const&, Nets, TensorTable const&, std::uint64_t const*,          \
                             View<T, 2> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
