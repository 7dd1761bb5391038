// SPDX-License-Identifier: MIT
#include "tests/replay/recompute.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "cuda/ops/vectors.hpp"
#include "cuda/sharpness/meter.hpp"
#include "cuda/train/slice.hpp"
#include "tests/replay/examples.hpp"
#include "tests/replay/first_step.hpp"

namespace sg::replay {
namespace {

using oracle::Reference;
using oracle::Vec;

std::size_t extent(std::int64_t n) { return static_cast<std::size_t>(n); }

// What the arena holds. N = nc networks, P parameters.
template <class T>
struct Workspace {
    Workspace(Exec const& exec, Arena& arena, Model const& model, Reference const& given,
              ChosenImages const& training, Batch<T> const& measured)
        : slice(exec, arena, model, {given.loss_kind, given.momentum, given.batch_size}, given.runs,
                1, training.data(), training.count()),
          hessian(exec, arena, model, given.loss_kind, given.runs, measured),
          power(exec, arena, model, given.runs),
          lanczos(exec, arena, model, given.runs, MeterOptions{}),
          work(arena.take<T, 2>(given.runs, model.params())),
          product(arena.take<T, 2>(1, model.params())),
          ends(arena.take<T, 3>(given.runs, 2, model.params())),
          blend(arena.take<double, 2>(given.runs, 2)),
          square(arena.take<double, 2>(given.runs, 1)) {}

    Slice<T> slice;
    HessianOperator<T> hessian;
    PowerIteration<T> power;
    SharpnessMeter<T> lanczos;
    View<T, 2> work;         // (N, P)
    View<T, 2> product;      // (1, P)
    View<T, 3> ends;         // (N, 2, P) the weights at step 0 and after the last
    View<double, 2> blend;   // (N, 2) shares of them
    View<double, 2> square;  // (N, 1)
};

template <class T>
std::size_t arena_bytes(Exec const& exec, Model const& model, Reference const& given,
                        ChosenImages const& training, Batch<T> const& measured) {
    Arena arena;  // without memory: it measures
    Workspace<T> const planned(exec, arena, model, given, training, measured);
    return arena.largest();
}

template <class T>
std::vector<T> cast(Vec const& from) {
    return {from.begin(), from.end()};
}

template <class T>
class Replay {
public:
    Replay(Exec const& exec, Reference const& given, Dataset const& images)
        : exec_(exec),
          given_(given),
          model_(build_fcn(given.spec)),
          training_(exec, images, rows_in_batch_order(given)),
          chosen_(exec, images, given.measure_indices),
          measured_(exec, chosen_, model_.inputs),
          arena_(exec, arena_bytes(exec, model_, given, training_, measured_.batch())),
          w_(exec, arena_, model_, given, training_, measured_.batch()),
          nets_{given.runs} {}

    Reference run() {
        size_results();
        begin();
        for (int t = 0; t <= given_.steps; ++t) {
            measure(t);
            if (t == 0) measure_gradient();
            if (t == 0) measure_product();
            if (t == 0 || t == given_.steps) measure_top(t == 0 ? 0 : 1);
            if (t < given_.steps) train(t);
        }
        interpolate();
        sample_weights();
        find_first_steps(given_, r_);
        return r_;
    }

private:
    void size_results();
    void begin();
    void measure(int step);
    void measure_gradient();
    void measure_product();
    void measure_top(std::size_t column);
    std::vector<EigenResult> extreme(bool smallest, double tolerance);
    void train(int step);
    void interpolate();
    void sample_weights();
    // Euclidean norms of each matrix of each network.   rows: (count, P) → (count, L)
    Vec layer_norms(View<T const, 2> const& rows, int count);

    Exec exec_;
    Reference const& given_;
    Reference r_;
    Model model_;
    ChosenImages training_, chosen_;
    MeasuredExamples<T> measured_;
    Arena arena_;
    Workspace<T> w_;
    Nets nets_;  // all of them: none is skipped, whatever becomes of it
};

template <class T>
void Replay<T>::size_results() {
    std::size_t const R = extent(given_.runs), S = extent(given_.steps);
    for (Vec* rows : {&r_.loss, &r_.accuracy, &r_.sharpness}) rows->resize(R * (S + 1));
    r_.train_batch_loss.resize(R * S);
    r_.weight_layer_norm.resize(R * (S + 1) * model_.layers.size());
    r_.top_eigenvalue.resize(R * 2);
    r_.top_eigenvalue_largest_magnitude.resize(R * 2);
    r_.interp_loss.resize(R * extent(given_.interp_points));
}

template <class T>
void Replay<T>::begin() {
    std::vector<Member> members;
    for (double const rate : given_.learning_rate) members.push_back({0, rate});
    w_.slice.begin(members);
    std::vector<T> const start = cast<T>(given_.init_weights);
    for (int n = 0; n < given_.runs; ++n)
        from_host(exec_, start, networks(w_.slice.theta(), n, 1).data);
    from_host(exec_, cast<T>(given_.power_start), w_.power.start().data);
    copy<T>(exec_, nets_, member(w_.ends, 0), w_.slice.theta());
}

template <class T>
void Replay<T>::measure(int step) {
    w_.hessian.evaluate(nets_, w_.slice.theta());
    w_.hessian.linearise(nets_);
    w_.power.run(w_.hessian, nets_, given_.power_iterations);
    auto const score = to_host(exec_, w_.hessian.score().data, given_.runs * 3);
    auto const sharpness = to_host(exec_, w_.power.results(), given_.runs);
    Vec const norms = layer_norms(w_.slice.theta(), given_.runs);
    std::size_t const L = model_.layers.size();
    for (std::size_t n = 0; n < extent(given_.runs); ++n) {
        std::size_t const at = n * extent(given_.steps + 1) + extent(step);
        r_.loss[at] = score[3 * n];
        r_.accuracy[at] = score[3 * n + 1];
        r_.sharpness[at] = sharpness[n].lambda;
        for (std::size_t l = 0; l < L; ++l) r_.weight_layer_norm[at * L + l] = norms[n * L + l];
    }
}

template <class T>
Vec Replay<T>::layer_norms(View<T const, 2> const& rows, int count) {
    std::size_t const L = model_.layers.size();
    Vec norms(extent(count) * L);
    for (Tensor const& tensor : model_.tensors.all()) {
        View<T const, 2> part = rows;
        part.data += tensor.offset;
        part.extent[1] = tensor.size();
        auto const none = View<T const, 3>::dense(part.data, count, 0, tensor.size());
        dots<T>(exec_, Nets{count}, none, 0, part, true, w_.square);
        auto const square = to_host(exec_, w_.square.data, count);
        for (std::size_t n = 0; n < extent(count); ++n)
            norms[n * L + extent(tensor.layer)] = std::sqrt(square[n]);
    }
    return norms;
}

// Every network has the same weights at step 0: the first one speaks for all.
template <class T>
void Replay<T>::measure_gradient() {
    w_.hessian.gradient(Nets{1}, w_.product);
    auto const gradient = to_host(exec_, w_.product.data, model_.params());
    r_.grad_step0.assign(gradient.begin(), gradient.end());
    r_.grad_layer_norm_step0 = layer_norms(w_.product, 1);
    double square = 0;
    for (double const norm : r_.grad_layer_norm_step0) square += norm * norm;
    r_.grad_norm_step0 = std::sqrt(square);
}

template <class T>
void Replay<T>::measure_product() {
    from_host(exec_, cast<T>(given_.hvp_vector), w_.work.data);
    w_.hessian.apply(Nets{1}, networks(w_.work, 0, 1), w_.product);
    auto const product = to_host(exec_, w_.product.data, model_.params());
    r_.hvp_result.assign(product.begin(), product.end());
}

template <class T>
std::vector<EigenResult> Replay<T>::extreme(bool smallest, double tolerance) {
    if (smallest)
        w_.lanczos.measure_smallest(w_.hessian, nets_, w_.slice.seed(), tolerance);
    else
        w_.lanczos.measure_largest(w_.hessian, nets_, w_.slice.seed(), tolerance);
    return to_host(exec_, w_.lanczos.results(), given_.runs);
}

// The lower end of the spectrum is dense and slow to resolve, so it is first taken roughly: where
// it reaches half of the upper one nowhere, it cannot be the largest in magnitude.
template <class T>
void Replay<T>::measure_top(std::size_t column) {
    double const strict = sizeof(T) == 8 ? 1e-9 : 1e-4;
    auto const largest = extreme(false, strict);
    auto smallest = extreme(true, 0.1);
    bool matters = false;
    for (std::size_t n = 0; n < largest.size(); ++n)
        matters |= std::abs(smallest[n].lambda) > 0.5 * std::abs(largest[n].lambda);
    if (matters) smallest = extreme(true, strict);
    for (std::size_t n = 0; n < largest.size(); ++n) {
        double const top = largest[n].lambda, low = smallest[n].lambda;
        r_.top_eigenvalue[2 * n + column] = top;
        r_.top_eigenvalue_largest_magnitude[2 * n + column] =
            std::abs(low) > std::abs(top) ? low : top;
    }
}

template <class T>
void Replay<T>::train(int step) {
    w_.slice.find_gradient(step);
    auto const score = to_host(exec_, w_.slice.score().data, given_.runs * 2);
    for (std::size_t n = 0; n < extent(given_.runs); ++n)
        r_.train_batch_loss[n * extent(given_.steps) + extent(step)] = score[2 * n];
    w_.slice.update();
}

// One chunk of points of one run is a slice of up to N networks, (1 - s) W_0 + s W_10 each.
template <class T>
void Replay<T>::interpolate() {
    copy<T>(exec_, nets_, member(w_.ends, 1), w_.slice.theta());
    int const points = given_.interp_points, chunk = given_.runs;
    for (int n = 0; n < given_.runs; ++n) {
        auto shared = networks(w_.ends, n, chunk);
        shared.stride[0] = 0;
        for (int first = 0; first < points; first += chunk) {
            Nets const some{std::min(chunk, points - first)};
            std::vector<double> shares;
            for (int k = first; k < first + some.count; ++k) {
                double const s = points > 1 ? k / static_cast<double>(points - 1) : 0;
                shares.insert(shares.end(), {1 - s, s});
            }
            from_host(exec_, shares, w_.blend.data);
            combine<T>(exec_, some, w_.work, shared, {}, {{}, w_.blend, {}, nullptr}, 2);
            w_.hessian.evaluate(some, w_.work);
            auto const score = to_host(exec_, w_.hessian.score().data, some.count * 3);
            for (int k = 0; k < some.count; ++k)
                r_.interp_loss[extent(n * points + first + k)] = score[3 * extent(k)];
        }
    }
}

template <class T>
void Replay<T>::sample_weights() {
    auto const theta = to_host(exec_, networks(w_.slice.theta(), 0, given_.runs));
    for (int n = 0; n < given_.runs; ++n)
        for (int const i : given_.final_weight_sample_index)
            r_.final_weight_sample.push_back(theta[extent(n * model_.params() + i)]);
}

}  // namespace

template <class T>
Reference recompute(Exec const& exec, Reference const& given, Dataset const& images) {
    if (images.inputs != given.spec.inputs || images.classes != given.spec.classes ||
        images.examples != 60000)
        throw DataError("the images of Fashion-MNIST's training file were required: 60000 with " +
                        std::to_string(given.spec.inputs) + " inputs in " +
                        std::to_string(given.spec.classes) + " classes");
    return Replay<T>(exec, given, images).run();
}

template Reference recompute<float>(Exec const&, Reference const&, Dataset const&);
template Reference recompute<double>(Exec const&, Reference const&, Dataset const&);

}  // namespace sg::replay
