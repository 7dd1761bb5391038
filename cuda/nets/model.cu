// SPDX-License-Identifier: MIT
#include "cuda/nets/model.hpp"

#include <algorithm>

#include "cuda/ops/loss.hpp"

namespace sg {

namespace {

template <class F>
auto visit(Layer const& layer, F const& f)
{
    return std::visit(f, layer);
}

// The input of layer l.
template <class T>
LayerInput<T> input(Batch<T> const& batch, Tape<T> const& tape, std::size_t l)
{
    if (l == 0) return {batch.x, batch.groups};
    return {tape.a[l - 1], nullptr};
}

}  // namespace

std::int64_t Model::units(std::size_t l) const
{
    return visit(layers.at(l), [](auto const& layer) { return layer.output_size(); });
}

std::int64_t Model::units() const
{
    std::int64_t sum = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) sum += units(l);
    return sum;
}

static double matmul_flops(Model const& model, std::int64_t examples, double first, double other)
{
    double flops = 0;
    for (auto const& t : model.tensors.all())
        flops += 2.0 * static_cast<double>(examples * t.size()) * (t.layer == 0 ? first : other);
    return flops;
}

double forward_flops(Model const& m, std::int64_t examples) { return matmul_flops(m, examples, 1, 1); }
double gradient_flops(Model const& m, std::int64_t examples) { return matmul_flops(m, examples, 2, 3); }
double linearise_flops(Model const& m, std::int64_t examples) { return matmul_flops(m, examples, 0, 1); }
double product_flops(Model const& m, std::int64_t examples) { return matmul_flops(m, examples, 2, 6); }

double rotated_columns(std::int64_t examples, std::int64_t inputs)
{
    double columns = 0;
    for (std::int64_t first = 0; first < examples; first += rotated_chunk) {
        auto const end = std::min(first + rotated_chunk, examples);
        columns += static_cast<double>((end - first) * std::min(end, inputs)) / static_cast<double>(examples);
    }
    return columns;
}

double rotated_flops(Model const& m, std::int64_t examples, std::int64_t inputs)
{
    return matmul_flops(m, examples, 2 * rotated_columns(examples, inputs) / static_cast<double>(m.inputs), 6);
}

std::int64_t chunk_examples(Model const& model, Space space, std::int64_t examples, bool rotated)
{
    if (space == Space::cuda) return std::min<std::int64_t>(examples, 4096);
    if (rotated) return std::min<std::int64_t>(examples, rotated_chunk);
    std::int64_t widest = 1;
    for (std::size_t l = 0; l + 1 < model.layers.size(); ++l)
        widest = std::max(widest, model.units(l));
    // Four arrays of a layer's width (a, δ, Ra, Ru) in half a megabyte, in multiples of 64 examples.
    std::int64_t const fit = (std::int64_t{1} << 17) / (4 * widest) / 64 * 64;
    return std::min(examples, std::clamp<std::int64_t>(fit, 128, 512));
}

template <class T>
Tape<T> Tape<T>::take(Arena& arena, Model const& model, int nets, std::int64_t examples)
{
    Tape tape;
    for (std::size_t l = 0; l < model.layers.size(); ++l)
        tape.a.push_back(arena.take<T, 3>(nets, examples, model.units(l)));
    for (std::size_t l = 0; l < model.layers.size(); ++l)
        tape.delta.push_back(arena.take<T, 3>(nets, examples, model.units(l)));
    return tape;
}

template <class T>
Tape<T> Tape<T>::chunk(std::int64_t first, std::int64_t count) const
{
    Tape part = *this;
    for (auto& v : part.a) v = examples(v, first, count);
    for (auto& v : part.delta) v = examples(v, first, count);
    return part;
}

template <class T>
TangentTape<T> TangentTape<T>::take(Arena& arena, Model const& model, int nets, std::int64_t examples)
{
    TangentTape tape;
    std::int64_t widest = 0;
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        auto const units = model.units(l);
        bool const bends = visit(model.layers[l], [](auto const& layer) { return layer.bends(); });
        tape.Ra.push_back(arena.take<T, 3>(nets, examples, units));
        tape.bend.push_back(bends ? arena.take<T, 3>(nets, examples, units) : View<T, 3>{});
        if (l + 1 < model.layers.size()) widest = std::max(widest, units);
    }
    for (auto& Ru : tape.Ru) Ru = arena.take<T, 3>(nets, examples, std::max<std::int64_t>(widest, 1));
    return tape;
}

// The first `units` columns' worth of a scratch array as a dense matrix.   (N, B, widest) → (N, B, units)
template <class T>
static View<T, 3> reshape(View<T, 3> v, std::int64_t count, std::int64_t units)
{
    v.extent[1] = count;
    v.extent[2] = units;
    v.stride[1] = units;
    return v;
}

template <class T>
std::vector<PackedLayer<T>> take_packed(Exec const& exec, Arena& arena, Model const& model, int nets)
{
    std::vector<PackedLayer<T>> layers;
    for (auto const& layer : model.layers)
        layers.push_back(visit(layer, [&](auto const& l) { return l.template take_packed<T>(exec, arena, nets, layers.empty()); }));
    return layers;
}

template <class T>
void pack(Exec const& exec, Nets nets, Model const& model, View<T const, 2> const& params,
          PackedWeights<T> PackedLayer<T>::*which, std::vector<PackedLayer<T>>& to)
{
    for (std::size_t l = 0; l < model.layers.size(); ++l)
        visit(model.layers[l], [&](auto const& layer) { layer.pack(exec, nets, params, to[l].*which); });
}

template <class T>
void forward(Exec const& exec, Nets nets, Model const& model, View<T const, 2> const& theta,
             Batch<T> const& batch, Tape<T> const& tape)
{
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        visit(model.layers[l], [&](auto const& layer) {
            layer.forward(exec, nets, theta, input(batch, tape, l), tape.a[l]);
        });
    }
}

template <class T>
void backward(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
              View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
              View<T, 2> const& grad, bool accumulate)
{
    std::size_t const last = model.layers.size() - 1;
    loss_gradient<T>(exec, nets, loss, total, tape.a[last], batch.labels, tape.delta[last]);
    for (std::size_t l = model.layers.size(); l-- > 0;) {
        visit(model.layers[l], [&](auto const& layer) {
            layer.template backward<T>(exec, nets, theta, input(batch, tape, l), tape.a[l],
                                       tape.delta[l], grad, accumulate,
                                       l > 0 ? tape.delta[l - 1] : View<T, 3>{});
        });
    }
}

template <class T>
void tangent(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
             View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
             TangentTape<T> const& scratch, std::vector<PackedLayer<T>> const& packed,
             View<T const, 2> const& v, View<T, 2> const& Hv, bool accumulate)
{
    std::size_t const last = model.layers.size() - 1;
    std::int64_t const count = batch.examples();
    auto const Ra = [&](std::size_t l) { return reshape(scratch.Ra[l], count, model.units(l)); };
    for (std::size_t l = 0; l <= last; ++l) {
        auto const Rx = l > 0 ? View<T const, 3>(Ra(l - 1)) : View<T const, 3>{};
        visit(model.layers[l], [&](auto const& layer) {
            layer.forward_tangent(exec, nets, theta, v, packed[l], input(batch, tape, l), Rx,
                                  View<T const, 3>(tape.a[l]), Ra(l), scratch.bend[l]);
        });
    }
    loss_gradient_tangent<T>(exec, nets, loss, total, tape.a[last], Ra(last));
    auto Ru = Ra(last);
    for (std::size_t l = model.layers.size(); l-- > 0;) {
        auto const Rx = l > 0 ? View<T const, 3>(Ra(l - 1)) : View<T const, 3>{};
        auto const Ru_in =
            l > 0 ? reshape(scratch.Ru[l % 2], count, model.units(l - 1)) : View<T, 3>{};
        visit(model.layers[l], [&](auto const& layer) {
            layer.template backward_tangent<T>(exec, nets, theta, v, packed[l], input(batch, tape, l), Rx,
                                               tape.a[l], tape.delta[l], scratch.bend[l], Ru, Hv,
                                               accumulate, Ru_in);
        });
        Ru = Ru_in;
    }
}

template <class T>
Batch<T> chunk(Batch<T> batch, std::int64_t first, std::int64_t count)
{
    batch.x = examples(batch.x, first, count);
    if (batch.rotated.extent[2] > 0) batch.rotated = examples(batch.rotated, first, count);
    batch.labels.labels.data += first;
    batch.labels.labels.extent[1] = count;
    return batch;
}

#define SG_INSTANTIATE(T)                                                                            \
    template struct Tape<T>;                                                                         \
    template struct TangentTape<T>;                                                                  \
    template void forward(Exec const&, Nets, Model const&, View<T const, 2> const&, Batch<T> const&, \
                          Tape<T> const&);                                                           \
    template void backward(Exec const&, Nets, Model const&, Loss, std::int64_t,                      \
                           View<T const, 2> const&, Batch<T> const&, Tape<T> const&,                 \
                           View<T, 2> const&, bool);                                                 \
    template void tangent(Exec const&, Nets, Model const&, Loss, std::int64_t,                       \
                          View<T const, 2> const&, Batch<T> const&, Tape<T> const&,                  \
                          TangentTape<T> const&, std::vector<PackedLayer<T>> const&,                 \
                          View<T const, 2> const&, View<T, 2> const&, bool);                         \
    template std::vector<PackedLayer<T>> take_packed(Exec const&, Arena&, Model const&, int);        \
    template void pack(Exec const&, Nets, Model const&, View<T const, 2> const&,                     \
                       PackedWeights<T> PackedLayer<T>::*, std::vector<PackedLayer<T>>&);            \
    template Batch<T> chunk(Batch<T>, std::int64_t, std::int64_t);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
