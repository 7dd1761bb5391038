// SPDX-License-Identifier: MIT
#include "tests/replay/follow.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "cuda/exec/error.hpp"
#include "tests/replay/start.hpp"

namespace sg::replay {
namespace {

using oracle::Reference;

std::size_t extent(std::int64_t n) { return static_cast<std::size_t>(n); }

// Activations of one layer of N networks on E examples.   (N, E, w)
template <class T>
struct Layers {
    std::int64_t units = 0;  // E·w
    std::vector<T> a;
    std::span<T const> network(int n) const {
        return std::span(a).subspan(extent(n * units), extent(units));
    }
};

// N networks that train in precision T.
template <class T>
class Trainee {
public:
    Trainee(Exec const& exec, Reference const& given, Model const& model,
            ChosenImages const& training)
        : exec_(exec),
          model_(model),
          nets_{given.runs},
          arena_(exec, bytes(exec, given, model, training)),
          slice_(exec, arena_, model, train_options(given), given.runs, 1, training.data(),
                 training.count()),
          tape_(take_tape(exec, arena_, given, model)) {
        begin(exec, given, slice_);
    }

    // Hidden layers in chunks as in training and measuring, which fix the bits.
    std::vector<Layers<T>> activations(Batch<T> batch) const;
    void train(int step) {
        slice_.find_gradient(step);
        slice_.update();
    }
    std::vector<T> weights() const {
        return to_host(exec_, networks(slice_.theta(), 0, nets_.count));
    }

private:
    static Tape<T> take_tape(Exec const& exec, Arena& arena, Reference const& given,
                             Model const& model) {
        auto const most = std::max(given.batch_size, given.measure_examples);
        return Tape<T>::take(arena, model, given.runs, chunk_examples(model, exec.space(), most));
    }
    static std::size_t bytes(Exec const& exec, Reference const& given, Model const& model,
                             ChosenImages const& training) {
        Arena arena;  // without memory: it measures
        Slice<T> const slice(exec, arena, model, train_options(given), given.runs, 1,
                             training.data(), training.count());
        take_tape(exec, arena, given, model);
        return arena.largest();
    }

    Exec exec_;
    Model const& model_;
    Nets nets_;
    Arena arena_;
    Slice<T> slice_;
    Tape<T> tape_;
};

template <class T>
std::vector<Layers<T>> Trainee<T>::activations(Batch<T> batch) const {
    std::vector<Group> const group{{0, nets_.count, 0}};
    batch.groups = &group;
    std::int64_t const total = batch.examples(),
                       part = chunk_examples(model_, exec_.space(), total);
    std::vector<Layers<T>> layers(model_.layers.size() - 1);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        layers[l].units = total * model_.units(l);
        layers[l].a.resize(extent(nets_.count * layers[l].units));
    }
    for (std::int64_t first = 0; first < total; first += part) {
        auto const count = std::min(part, total - first);
        auto const tape = tape_.chunk(0, count);
        forward<T>(exec_, nets_, model_, slice_.theta(), chunk(batch, first, count), tape);
        for (std::size_t l = 0; l < layers.size(); ++l)
            for (int n = 0; n < nets_.count; ++n) {
                std::int64_t const w = model_.units(l), at = n * layers[l].units + first * w;
                exec_.copy_out(layers[l].a.data() + at, &tape.a[l](n, 0, 0),
                               extent(count * w) * sizeof(T));
            }
    }
    return layers;
}

// The worst change among the layers of network n.
Change worst_change(std::vector<Layers<float>> const& single,
                    std::vector<Layers<double>> const& twofold, int n) {
    Change worst = Change::none;
    for (std::size_t l = 0; l < single.size(); ++l)
        worst = std::max(worst, sign_change(single[l].network(n), twofold[l].network(n)));
    return worst;
}

class Pair {
public:
    Pair(Exec const& exec, Reference const& given, Dataset const& images)
        : exec_(exec),
          given_(given),
          images_(images),
          model_(build_fcn(given.spec)),
          training_(exec, images, rows_in_batch_order(given)),
          single_(exec, given, model_, training_),
          twofold_(exec, given, model_, training_) {}

    Signs run() {
        Signs signs(given_.runs, given_.steps);
        Examples const measured(exec_, images_, given_.measure_indices, model_.inputs);
        for (int t = 0; t <= given_.steps; ++t) {
            compare(measured, [&](int n) -> Change& { return signs.on_measured(n, t); });
            if (t == given_.steps) break;
            Examples const batch(exec_, images_, given_.batch(t), model_.inputs);
            compare(batch, [&](int n) -> Change& { return signs.on_batch(n, t); });
            single_.train(t);
            twofold_.train(t);
        }
        return signs;
    }

    // Whether the sample of final weights is that of `result`, bit for bit (a nan is a nan).
    bool ends_as(Reference const& result) const {
        auto const theta = single_.weights();
        std::size_t at = 0;
        for (int n = 0; n < given_.runs; ++n)
            for (int const i : given_.final_weight_sample_index) {
                double const ours = theta[extent(n * model_.params() + i)];
                double const theirs = result.final_weight_sample[at++];
                if (ours != theirs && !(std::isnan(ours) && std::isnan(theirs))) return false;
            }
        return true;
    }

private:
    struct Examples {
        Examples(Exec const& exec, Dataset const& images, std::vector<int> const& rows,
                 std::int64_t inputs)
            : chosen(exec, images, rows),
              single(exec, chosen, inputs),
              twofold(exec, chosen, inputs) {}
        ChosenImages chosen;
        MeasuredExamples<float> single;
        MeasuredExamples<double> twofold;
    };

    template <class At>
    void compare(Examples const& examples, At const& at) const {
        auto const single = single_.activations(examples.single.batch());
        auto const twofold = twofold_.activations(examples.twofold.batch());
        for (int n = 0; n < given_.runs; ++n) at(n) = worst_change(single, twofold, n);
    }

    Exec exec_;
    Reference const& given_;
    Dataset const& images_;
    Model model_;
    ChosenImages training_;
    Trainee<float> single_;
    Trainee<double> twofold_;
};

}  // namespace

Signs follow(Exec const& exec, Reference const& given, Dataset const& images,
             Reference const& result) {
    if (given.spec.activation != Activation::relu) return {given.runs, given.steps};
    Pair pair(exec, given, images);
    Signs const signs = pair.run();
    if (!pair.ends_as(result))
        throw Fault(ExitCode::internal,
                    "the trajectory whose signs were compared is not the one that is judged");
    return signs;
}

}  // namespace sg::replay
