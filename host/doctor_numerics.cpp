// SPDX-License-Identifier: MIT
// Whether a device computes what it should: one quantity by two methods that have little in common,
// and the same study twice.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <tuple>

#include "host/config.hpp"
#include "host/cost.hpp"
#include "host/doctor.hpp"
#include "host/examples.hpp"
#include "host/sweep.hpp"

namespace sg {

namespace {

// 220 parameters. tanh: a difference across a kink of relu says nothing of a derivative.
constexpr char const* smooth_study =
    "study: doctor\ndata: {set: synthetic, examples: 128, inputs: 8, classes: 4}\n"
    "model: {kind: fcn, depth: 3, width: 10, activation: tanh}\n"
    "training: {loss: mse, batch: 32, steps: 1}\ngrid: {c: [1], seeds: 4}\n"
    "sharpness: {method: lanczos, examples: 64}\noutput: {file: none.h5}\n";

// From calm to divergent, so that slices are compacted. Its measurements are warm but for the
// first.
constexpr char const* mixed_study =
    "study: doctor\ndata: {set: synthetic, examples: 96, inputs: 7, classes: 3}\n"
    "model: {kind: fcn, depth: [2, 3], width: 6, activation: relu}\n"
    "training: {loss: mse, batch: 16, steps: 5}\ngrid: {c: [1, 2, 8, 300, 20000], seeds: 3}\n"
    "sharpness: {method: lanczos, examples: 40}\noutput: {file: none.h5}\n";

// A strict Lanczos is wrong by the square of its residual (1e-8), float by a few units of its last
// place times the condition of the sum (2e-6 at most in the tests): what is above this is no
// rounding.
constexpr double sharpness_limit = 1e-4;
// Central differences of step 1e-4 in double: h² of the third derivative, and 1e-16 / h of
// rounding.
constexpr double step = 1e-4, product_limit = 1e-6;

std::string const advice =
    "the numbers of this device cannot be trusted. Run it again; if it stays, try another node, "
    "and report it with "
    "this output";

Machine machine_of(int device, int workers) {
    Machine m;
    m.workers = workers;
    m.host_memory = Exec::cpu().memory().free;
    if (device < 0) return m;
    m.devices = {device};
    auto const exec = Exec::cuda(device);
    m.device_memory = exec.memory().free;
    m.model = device_model_of(exec.model());
    m.slice_limit = workers == 1 ? m.slice_limit : 5;  // so that each worker has something to do
    return m;
}

auto key_of(Trajectory const& row) { return std::tie(row.depth, row.width, row.seed, row.c); }

bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
template <class T>
bool same(T a, T b) {
    return a == b;
}

template <class T>
std::string differs(std::vector<T> const& a, std::vector<T> const& b, char const* what) {
    if (a.size() != b.size())
        return fmt::format("{} has {} steps, not {}", what, a.size(), b.size());
    for (std::size_t t = 0; t < a.size(); ++t)
        if (!same(a[t], b[t]))
            return fmt::format("{} at step {} is {}, not {}", what, t, static_cast<double>(a[t]),
                               static_cast<double>(b[t]));
    return "";
}

std::string differs(Trajectory const& a, Trajectory const& b) {
    std::vector<double> const first{a.learning_rate, a.sharpness_0, a.sharpness_0_residual,
                                    static_cast<double>(a.status),
                                    static_cast<double>(a.diverged_step)};
    std::vector<double> const second{b.learning_rate, b.sharpness_0, b.sharpness_0_residual,
                                     static_cast<double>(b.status),
                                     static_cast<double>(b.diverged_step)};
    for (auto const& text :
         {differs(a.loss, b.loss, "the loss"), differs(a.sharpness, b.sharpness, "the sharpness"),
          differs(a.train_loss, b.train_loss, "the training loss"),
          differs(a.accuracy, b.accuracy, "the accuracy"),
          differs(a.sharpness_residual, b.sharpness_residual, "the residual"),
          differs(a.sharpness_products, b.sharpness_products, "the number of products"),
          differs(a.sharpness_status, b.sharpness_status, "the status of the sharpness")})
        if (!text.empty()) return text;
    for (std::size_t k = 0; k < first.size(); ++k)
        if (!same(first[k], second[k]))
            return fmt::format("a figure of the network is {}, not {}", first[k], second[k]);
    return "";
}

// One network with its Hessian.   P parameters
struct Probe {
    Probe(Exec const& exec, Arena& arena, Model const& model, Batch<double> const& batch)
        : hessian(exec, arena, model, Loss::mse, 1, batch),
          theta(arena.take_rows<double, 2>(1, model.params())),
          v(arena.take_rows<double, 2>(1, model.params())),
          out(arena.take_rows<double, 2>(1, model.params())),
          seed(arena.take<std::uint64_t, 1>(1)) {}

    HessianOperator<double> hessian;
    View<double, 2> theta, v, out;  // (1, P)
    View<std::uint64_t, 1> seed;    // (1)
};

std::vector<double> gradient_at(Exec const& exec, Probe& probe, std::vector<double> const& theta) {
    from_host(exec, theta, probe.theta);
    probe.hessian.evaluate({1}, probe.theta);
    probe.hessian.gradient({1}, probe.out);
    return to_host(exec, probe.out);
}

// H v at the initial weights of a network, along v, by a product and by differences of the
// gradient.
Check check_product(std::string const& name, Exec const& exec) {
    Study const study = parse_study(smooth_study, "doctor.yaml");
    auto const data = load_dataset(study.data);
    FcnSpec const spec{.depth = 3,
                       .width = 10,
                       .inputs = data.inputs,
                       .classes = data.classes,
                       .activation = Activation::tanh};
    Model const model = build_fcn(spec);
    Examples<double> const examples(exec, data, study.sharpness.examples);
    auto batch = examples.measurement();
    batch.rotated = {};  // v and the gradient are of the parameters
    Arena measuring;
    Probe const planned(exec, measuring, model, batch);
    Arena arena(exec, measuring.largest());
    Probe probe(exec, arena, model, batch);

    auto const P = static_cast<std::size_t>(model.params());
    std::vector<double> v(P);
    for (std::size_t p = 0; p < P; ++p)
        v[p] = (p * 37 % 11 < 5 ? 1 : -1) / std::sqrt(static_cast<double>(P));
    from_host(exec, std::vector<std::uint64_t>{1}, probe.seed.data);
    from_host(exec, v, probe.v);
    initialise(exec, {1}, model.tensors, probe.seed.data, probe.theta);
    auto const theta = to_host(exec, probe.theta);
    probe.hessian.evaluate({1}, probe.theta);
    probe.hessian.linearise({1});
    probe.hessian.apply({1}, probe.v, probe.out);
    auto const product = to_host(exec, probe.out);

    auto ahead = theta, behind = theta;
    for (std::size_t p = 0; p < P; ++p) {
        ahead[p] += step * v[p];
        behind[p] -= step * v[p];
    }
    auto difference = gradient_at(exec, probe, ahead);
    auto const other = gradient_at(exec, probe, behind);
    for (std::size_t p = 0; p < P; ++p) difference[p] = (difference[p] - other[p]) / (2 * step);
    return compare_products(name, product, difference);
}

std::vector<double> initial_sharpness(std::string const& method, int device, Precision precision) {
    std::vector<double> all;
    auto const study = parse_study(smooth_study, "doctor.yaml", {"sharpness.method=" + method});
    for (auto const& row : run_in_memory(study, device, precision, 1))
        all.push_back(row.sharpness_0);
    return all;
}

Check check_repeat(std::string const& name, int device) {
    auto const study = parse_study(mixed_study, "doctor.yaml");
    auto const first = run_in_memory(study, device, Precision::single, 1);
    auto const again = first_difference(run_in_memory(study, device, Precision::single, 1), first);
    if (!again.empty())
        return failed(name, ExitCode::check, "a second run gave other numbers: " + again, advice);
    auto const two = first_difference(run_in_memory(study, device, Precision::single, 2), first);
    if (!two.empty())
        return failed(name, ExitCode::check, "two workers gave other numbers than one: " + two,
                      advice);
    return passed(name, fmt::format("{} networks, twice by one worker and by two: the same bits",
                                    first.size()));
}

}  // namespace

std::vector<Trajectory> run_in_memory(Study const& study, int device, Precision precision,
                                      int workers) {
    SG_EXPECT(workers >= 1);
    auto const data = load_dataset(study.data);
    auto plan = make_plan(study, {data.examples, data.inputs, data.classes},
                          machine_of(device, workers), precision);
    plan.workers = workers;
    Todo todo(study, plan.cohorts);
    std::vector<Trajectory> all;
    std::mutex mutex;
    std::atomic<bool> stop{false};
    Counters counters;
    sweep(study, plan, todo, data, stop, counters,
          [&](std::vector<Trajectory>&& rows, AuditTally const&, std::string const&) {
              std::lock_guard const lock(mutex);
              all.insert(all.end(), rows.begin(), rows.end());
          });
    SG_EXPECT(static_cast<std::int64_t>(all.size()) == todo.networks());
    std::sort(all.begin(), all.end(),
              [](auto const& a, auto const& b) { return key_of(a) < key_of(b); });
    return all;
}

std::string first_difference(std::vector<Trajectory> const& rows,
                             std::vector<Trajectory> const& expected, bool all) {
    if (all && rows.size() != expected.size())
        return fmt::format("{} networks, not {}", rows.size(), expected.size());
    for (auto const& row : rows) {
        auto const who = fmt::format("depth {}, width {}, seed {}, c {}: ", row.depth, row.width,
                                     row.seed, row.c);
        auto const other = std::find_if(expected.begin(), expected.end(),
                                        [&](auto const& e) { return key_of(e) == key_of(row); });
        if (other == expected.end()) return who + "no such network was expected";
        auto const text = differs(row, *other);
        if (!text.empty()) return who + text;
    }
    return "";
}

Check compare_sharpness(std::string const& name, std::vector<double> const& exact,
                        std::vector<double> const& lanczos) {
    SG_EXPECT(exact.size() == lanczos.size() && !exact.empty());
    double worst = 0;
    for (std::size_t n = 0; n < exact.size(); ++n) {
        double const error = std::abs(lanczos[n] - exact[n]) / std::abs(exact[n]);
        if (!(error <= worst) && !std::isnan(worst)) worst = error;  // NaN is worst, and stays
    }
    auto const text = fmt::format(
        "exact in double against Lanczos in float, {} networks: {:.1e} apart (limit {:.0e})",
        exact.size(), worst, sharpness_limit);
    return worst <= sharpness_limit ? passed(name, text)
                                    : failed(name, ExitCode::check, text, advice);
}

Check compare_products(std::string const& name, std::vector<double> const& product,
                       std::vector<double> const& difference) {
    SG_EXPECT(product.size() == difference.size() && !product.empty());
    double square = 0, size = 0;
    for (std::size_t p = 0; p < product.size(); ++p) {
        square += (product[p] - difference[p]) * (product[p] - difference[p]);
        size += difference[p] * difference[p];
    }
    double const error = std::sqrt(square / size);
    auto const text = fmt::format(
        "Hessian product against differences of the gradient: {:.1e} apart (limit {:.0e})", error,
        product_limit);
    return error <= product_limit ? passed(name, text)
                                  : failed(name, ExitCode::check, text, advice);
}

std::vector<Check> check_numerics(int device) {
    std::string const where = device < 0 ? "cpu" : fmt::format("cuda:{}", device);
    auto const name = [&](char const* what) { return where + " " + what; };
    return {guarded(name("sharpness"), advice,
                    [&] {
                        return compare_sharpness(
                            name("sharpness"), initial_sharpness("exact", device, Precision::dual),
                            initial_sharpness("lanczos", device, Precision::single));
                    }),
            guarded(name("product"), advice,
                    [&] {
                        return check_product(name("product"),
                                             device < 0 ? Exec::cpu() : Exec::cuda(device));
                    }),
            guarded(name("repeat"), advice, [&] { return check_repeat(name("repeat"), device); })};
}

}  // namespace sg
