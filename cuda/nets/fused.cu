// SPDX-License-Identifier: MIT
#include "cuda/nets/fused.hpp"

#include <algorithm>

#include "cuda/exec/each.hpp"
#include "cuda/exec/libraries.hpp"
#include "cuda/nets/fused_kernel.hpp"
#include "cuda/nets/fused_table.hpp"

namespace sg {

// Hv (+)= Σ of its parts, in order.   sums: (N, sums, P − first), Hv: (N, P) behind the first layer
template <class T>
struct AddSums {
    View<T const, 3> sums;
    View<T, 2> Hv;
    std::int64_t first;
    int count;
    bool accumulate;

    struct OfNet {
        T const* part;
        T* Hv;
        std::int64_t step;
        int count;
        bool accumulate;
        SG_FN void operator()(std::int64_t p) const
        {
            T sum = part[p];
            for (int k = 1; k < count; ++k) sum += part[k * step + p];
            Hv[p] = accumulate ? Hv[p] + sum : sum;
        }
    };
    SG_FN OfNet bind(int n) const { return {&sums(n, 0, 0), &Hv(n, first), sums.stride[1], count, accumulate}; }
};

std::optional<FusedShape> FusedShape::of(Model const& model)
{
    auto const count = static_cast<int>(model.layers.size());
    if (count < 2 || count > most_layers || model.units(0) > widest || model.classes > widest) return {};
    auto const hidden = std::get<Dense>(model.layers.front());
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        bool const last = l + 1 == model.layers.size();
        auto const& dense = std::get<Dense>(model.layers[l]);
        if (dense.activation != (last ? Activation::linear : hidden.activation)) return {};
        if (!last && dense.out != hidden.out) return {};
    }
    int const width = to_side(static_cast<int>(hidden.out));
    int const most = std::max(width, to_side(static_cast<int>(model.classes)));
    FusedShape s;
    s.layers = count;
    s.width = width;
    s.row = skewed(most);
    while (s.slices < most_slices && 2 * s.slices * width <= examples) s.slices *= 2;
    s.threads = std::max(64, (examples / side * (most / side) + 31) / 32 * 32);
    s.curved = has_curvature(hidden.activation);
    return s;
}

std::size_t FusedShape::scratch(std::size_t element) const
{
    int const arrays = layers + 2 + (curved ? layers - 1 : 0);
    return element * static_cast<std::size_t>(row * (examples * arrays + 2 * width));
}

int FusedShape::tiles_of_block(std::int64_t count)
{
    SG_EXPECT(count > 0);
    auto const tiles = (count + examples - 1) / examples;
    return static_cast<int>((tiles + most_blocks - 1) / most_blocks);
}

int FusedShape::blocks(std::int64_t count)
{
    std::int64_t const step = std::int64_t{examples} * tiles_of_block(count);
    return static_cast<int>((count + step - 1) / step);
}

int FusedShape::most_sums(std::int64_t count) const
{
    return slices * static_cast<int>(std::min<std::int64_t>((count + examples - 1) / examples, most_blocks));
}

bool fused_by_table(std::string_view device, Model const& model, std::size_t element)
{
    auto const shape = FusedShape::of(model);
    if (!shape) return false;
    for (auto const& known : fused_devices) {
        if (!is_model(device, known.title)) continue;
        auto const depth = static_cast<std::size_t>(shape->layers - 2);
        return model.units(0) <= known.widest.at(depth) && shape->scratch(element) <= known.scratch;
    }
    return false;
}

template <class T>
FusedTape<T> FusedTape<T>::take(Arena& arena, Model const& model, int nets, std::int64_t examples)
{
    auto const shape = FusedShape::of(model);
    SG_EXPECT(shape.has_value());
    auto const later = model.params() - std::get<Dense>(model.layers[1]).offset;
    return {arena.take<T, 3>(nets, examples, model.units(0)), arena.take<T, 3>(nets, shape->most_sums(examples), later)};
}

namespace {

// All but the activation, which is F's matter.
template <class T, class F>
FusedTangent<T, F> kernel_of(FusedShape const& shape, Model const& model, Loss loss, std::int64_t total, Tape<T> const& tape)
{
    FusedTangent<T, F> f{};
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        auto const& dense = std::get<Dense>(model.layers[l]);
        View<T, 3> const a = tape.a[l], delta = tape.delta[l];
        SG_EXPECT(a.stride[1] == dense.out && delta.stride[1] == dense.out);
        SG_EXPECT(a.extent[1] == tape.a[0].extent[1] && delta.extent[1] == a.extent[1]);
        f.layer[l] = {a.data, delta.data, a.stride[0], delta.stride[0], dense.offset, static_cast<int>(dense.in),
                      static_cast<int>(dense.out), static_cast<T>(dense.multiplier)};
    }
    f.layers = shape.layers;
    f.row = shape.row;
    f.slices = shape.slices;
    f.softmax = loss == Loss::cross_entropy;
    f.scale = static_cast<T>(1.0 / static_cast<double>(f.softmax ? total : total * model.classes));
    return f;
}

template <class T, class F>
void run(Exec const& exec, Nets nets, FusedShape const& shape, FusedTangent<T, F> f, FusedTape<T> const& scratch,
         View<T const, 2> const& theta, View<T const, 2> const& v)
{
    auto const count = scratch.R.extent[1];
    f.share = FusedShape::tiles_of_block(count);
    f.count = static_cast<int>(count);
    f.theta = theta;
    f.v = v;
    f.R = scratch.R;
    f.sums = scratch.sums;
    team(exec, "fused_tangent", nets, FusedShape::blocks(count), {shape.scratch(sizeof(T)), shape.threads}, f);
}

}  // namespace

template <class T>
void fused_tangent(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
                   View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
                   FusedTape<T> const& scratch, View<T const, 2> const& v, View<T, 2> const& Hv, bool accumulate)
{
    auto const shape = FusedShape::of(model);
    SG_EXPECT(shape.has_value() && tape.a.size() == model.layers.size());
    SG_EXPECT(batch.examples() > 0 && batch.examples() <= scratch.R.extent[1]);
    SG_EXPECT(theta.extent[1] == v.extent[1] && Hv.extent[1] == v.extent[1]);
    SG_EXPECT(scratch.sums.extent[1] >= shape->slices * FusedShape::blocks(batch.examples()));
    auto part = scratch;
    part.R.extent[1] = batch.examples();
    // The matmuls of the first layer alone: what is between them is fused.
    auto first = std::get<Dense>(model.layers[0]);
    auto const activation = first.activation;
    first.activation = Activation::linear;
    LayerInput<T> const x{batch.x, batch.groups};
    first.template forward_tangent<T>(exec, nets, theta, v, {}, x, {}, tape.a[0], part.R, {});
    auto const between = [&]<class F>(F) {
        run(exec, nets, *shape, kernel_of<T, F>(*shape, model, loss, total, tape), part, theta, v);
    };
    if (activation == Activation::relu)
        between(Relu{});
    else if (activation == Activation::tanh)
        between(Tanh{});
    else
        between(Linear{});
    auto const begin = std::get<Dense>(model.layers[1]).offset;
    each(exec, "add_sums", nets, model.params() - begin,
         AddSums<T>{scratch.sums, Hv, begin, shape->slices * FusedShape::blocks(batch.examples()), accumulate});
    first.template backward_tangent<T>(exec, nets, theta, v, {}, x, {}, tape.a[0], tape.delta[0], {}, part.R, Hv,
                                       accumulate, {});
}

#define SG_INSTANTIATE(T)                                                                                      \
    template struct FusedTape<T>;                                                                              \
    template void fused_tangent(Exec const&, Nets, Model const&, Loss, std::int64_t, View<T const, 2> const&,  \
                                Batch<T> const&, Tape<T> const&, FusedTape<T> const&, View<T const, 2> const&, \
                                View<T, 2> const&, bool);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
