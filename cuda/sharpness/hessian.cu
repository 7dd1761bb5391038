// SPDX-License-Identifier: MIT
#include "cuda/sharpness/hessian.hpp"

#include "cuda/exec/each.hpp"
#include "cuda/exec/rows.hpp"
#include "cuda/nets/rotation.hpp"

namespace sg {

// Whether unit i of the last hidden layer is active or NaN: summed, 0 for a collapsed network.   a: (N, B·w)
template <class T>
struct Active {
    View<T const, 2> a;
    SG_FN double operator()(int n, std::int64_t i, int) const { return a(n, i) <= T(0) ? 0.0 : 1.0; }
};

// active ← part, or active + part.   (N, 1); counts, so that the order of the sum does not matter
struct CountActive {
    View<double, 2> active;
    View<double const, 2> part;
    bool accumulate;
    SG_FN void operator()(int n, std::int64_t) const
    {
        active(n, 0) = part(n, 0) + (accumulate ? active(n, 0) : 0);
    }
};

// score(n, 2) = active(n, 0), or 1 where units cannot die.   score: (N, 3), active: (N, 1)
struct KeepActive {
    View<double, 2> score;
    View<double const, 2> active;
    SG_FN void operator()(int n, std::int64_t) const { score(n, 2) = active ? active(n, 0) : 1.0; }
};

static bool is_fused(Exec const& exec, Model const& model, std::size_t element, Path path)
{
    if (path == Path::by_table) return fused_by_table(exec.model(), model, element);
    auto const shape = FusedShape::of(model);
    return path == Path::fused && shape && shape->scratch(element) <= exec.scratch_limit();
}

template <class T>
HessianOperator<T>::HessianOperator(Exec const& exec, Arena& arena, Model const& model, Loss loss,
                                    int nets, Batch<T> const& batch, bool recompute, Path path)
    : exec_(exec), model_(model),
      coordinates_(batch.rotated.extent[2] > 0 ? rotated(model, batch.rotated.extent[2]) : model),
      loss_(loss), batch_(batch), recompute_(recompute),
      fused_(is_fused(exec, model, sizeof(T), path)), group_{{0, nets, 0}}, nets_(nets)
{
    if (!batch_.groups) batch_.groups = &group_;
    std::int64_t const total = batch.examples();
    std::int64_t const part = chunk_examples(model, exec.space(), total, batch.rotated.extent[2] > 0);
    auto const tape = Tape<T>::take(arena, model, nets, recompute ? part : total);
    if (fused_) {
        fused_scratch_ = FusedTape<T>::take(arena, model, nets, part);
    } else if (path != Path::none) {
        scratch_ = TangentTape<T>::take(arena, model, nets, part);
        packed_ = take_packed<T>(exec, arena, model, nets);
    }
    outputs_ = recompute ? arena.take<T, 3>(nets, total, model.classes) : tape.a.back();
    score_ = arena.take<double, 2>(nets, 3);
    active_ = arena.take<double, 2>(nets, 1);
    part_ = arena.take<double, 2>(nets, 1);
    // A matmul reads the networks that are skipped, too: what a skipping kernel writes before it.
    clear(exec, tape.delta.back());
    clear(exec, score_);
    for (std::int64_t first = 0; first < total; first += part) {
        auto const count = std::min(part, total - first);
        chunks_.push_back(make_chunk(tape.chunk(recompute ? 0 : first, count), first, count));
    }
}

template <class T>
auto HessianOperator<T>::make_chunk(Tape<T> const& tape, std::int64_t first, std::int64_t count) const -> Chunk
{
    auto const batch = chunk(batch_, first, count);
    Chunk c{batch, tape, batch, coordinates_};
    c.tape.a.back() = sg::examples(outputs_, first, count);
    if (auto const r = batch.rotated.extent[2]; r > 0) {
        auto const reach = std::min(first + count, r);
        c.rotated.x = batch.rotated;
        c.rotated.x.extent[2] = reach;
        std::get<Dense>(c.model.layers.at(0)).in = reach;
    }
    return c;
}

template <class T>
void HessianOperator<T>::run_forward(Nets nets, Chunk const& c) const
{
    forward(exec_, nets, model_, theta_, c.batch, c.tape);
}

template <class T>
void HessianOperator<T>::run_backward(Nets nets, Chunk const& c, View<T, 2> const& grad,
                                      bool accumulate) const
{
    if (recompute_) run_forward(nets, c);
    backward(exec_, nets, model_, loss_, examples(), theta_, c.batch, c.tape, grad, accumulate);
}

template <class T>
void HessianOperator<T>::evaluate(Nets nets, View<T const, 2> const& theta)
{
    theta_ = theta;
    stale_ = true;
    bool accumulate = false;
    for (auto const& c : chunks_) {
        run_forward(nets, c);
        if (!model_.relu) continue;
        View<T const, 2> const last = flat(c.tape.a[c.tape.a.size() - 2]);
        rows(exec_, "active_units", nets, last.extent[1], 1, Active<T>{last}, part_);
        each(exec_, "count_active", nets, 1, CountActive{active_, part_, accumulate});
        accumulate = true;
    }
    loss_and_accuracy<T>(exec_, nets, loss_, outputs_, batch_.labels, score_);
    each(exec_, "keep_active", nets, 1,
         KeepActive{score_, model_.relu ? View<double const, 2>(active_) : View<double const, 2>{}});
}

template <class T>
void HessianOperator<T>::pack_weights(Nets nets)
{
    if (!packed_.empty()) pack(exec_, nets, model_, theta_, &PackedLayer<T>::W, packed_);
    stale_ = false;
}

template <class T>
void HessianOperator<T>::linearise(Nets nets)
{
    SG_EXPECT(theta_);
    pack_weights(nets);
    if (recompute_) return;
    for (auto const& c : chunks_) run_backward(nets, c, {}, false);
}

template <class T>
void HessianOperator<T>::gradient(Nets nets, View<T, 2> const& grad)
{
    SG_EXPECT(theta_);
    pack_weights(nets);
    bool accumulate = false;
    for (auto const& c : chunks_) {
        run_backward(nets, c, grad, accumulate);
        accumulate = true;
    }
}

template <class T>
void HessianOperator<T>::apply(Nets nets, View<T const, 2> const& v, View<T, 2> const& Hv,
                               Arithmetic arithmetic) const
{
    SG_EXPECT(fused_ || !packed_.empty());
    SG_EXPECT(v.extent[1] == coordinates_.params() || v.extent[1] == model_.params());
    bool const in_coordinates = v.extent[1] == coordinates_.params();
    // The tangent passes do not read the first weights, so the others are all that has to be in its place.
    auto theta = theta_;
    if (in_coordinates) {
        theta.data += model_.params() - coordinates_.params();
        theta.extent[1] = coordinates_.params();
    }
    SG_EXPECT(!stale_ || !exec_.on_cpu());  // on a GPU graphs replay what sets it
    if (!packed_.empty()) pack(exec_, nets, in_coordinates ? coordinates_ : model_, v, &PackedLayer<T>::V, packed_);
    bool accumulate = false;
    for (auto c = chunks_.rbegin(); c != chunks_.rend(); ++c) {  // the last reads all of W': it begins the sum
        if (recompute_) run_backward(nets, *c, {}, false);
        auto const exec = exec_.with(arithmetic);
        auto const& model = in_coordinates ? c->model : model_;
        auto const& batch = in_coordinates ? c->rotated : c->batch;
        if (fused_)
            fused_tangent(exec, nets, model, loss_, examples(), theta, batch, c->tape, fused_scratch_, v, Hv, accumulate);
        else
            tangent(exec, nets, model, loss_, examples(), theta, batch, c->tape, scratch_, packed_, v, Hv, accumulate);
        accumulate = true;
    }
}

template class HessianOperator<float>;
template class HessianOperator<double>;

}  // namespace sg
