// SPDX-License-Identifier: MIT
#include "host/cost.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "cuda/nets/fused.hpp"
#include "cuda/ops/joined.hpp"
#include "host/todo.hpp"

namespace sg {

namespace {

// As far as it says whether products are joined: those of the first layer, whose networks share A, in chunks of examples.
ProductKind float_kind(bool first, ProductShape const& s)
{
    auto const chunk = [](std::int64_t size) { return chunk_examples({}, Space::cuda, size); };
    ProductKind kind;
    kind.shape = {chunk(s.m), s.n, chunk(s.k)};
    kind.a.shared = first;
    kind.b.rows = kind.shape.k;
    kind.bytes = sizeof(float);
    return kind;
}

// The launches of a slice, added up.
class Sum {
public:
    Sum(Processor const& processor, int nets) : p_(processor), nets_(nets) {}

    // C (m, n) of each network, from `left_operands` different A.
    void matmul(bool first, std::int64_t m, std::int64_t n, std::int64_t k, int left_operands, bool tensor)
    {
        auto const N = static_cast<double>(nets_);
        double const padded = 2.0 * N * static_cast<double>(m * up(n, p_.columns) * k);
        double const bytes = 4.0 * (left_operands * static_cast<double>(m * k) + N * static_cast<double>((k + m) * n));
        double const in_float = first ? p_.flops : p_.inner_flops;
        double const rate = tensor && p_.tensor_flops > 0 ? p_.tensor_flops : in_float;
        if (p_.is_core()) return add(padded / rate, 2.0 * N * static_cast<double>(m * n * k), bytes);
        auto const kind = float_kind(first, {m, n, k});
        auto const joined = JoinedShape::of(kind);
        std::int64_t const one = joined ? left_operands : nets_, columns = joined ? n * nets_ / left_operands : n;
        add(std::max(padded / (rate * share(one, m, columns, k)), bytes / p_.bandwidth),
            2.0 * N * static_cast<double>(m * n * k), bytes);
        if (joined) {
            pass(2 * k * n);
            pass(2 * m * n);
        }
        // Launches beside these: of what the memory for columns does not hold, or one for each other A.
        int const more = joined ? 3 * ((nets_ - 1) / joined->most_networks(kind)) : first ? left_operands - 1 : 0;
        total.launches += more;
        total.seconds += more * p_.launch;
    }

    // An elementwise kernel, or a sum: `floats` numbers of each network that are read or written.
    void pass(std::int64_t floats) { move(floats, p_.bandwidth); }
    void vectors(std::int64_t floats) { move(floats, p_.is_core() ? p_.vector_bandwidth : p_.bandwidth); }

    Cost total;

private:
    // Of the rate of large matrices, that of so many products. As measured on an H200 (bench/RESULTS.md): edges of C and
    // the ends of sums cost as if there were more of them, and the last tiles leave some units idle.
    double share(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k) const
    {
        constexpr double edge = 13, ends = 48, spare = 1.2;
        constexpr std::int64_t tile = 128;
        auto const of = [](std::int64_t size, double more) {
            return static_cast<double>(size) / (static_cast<double>(size) + more);
        };
        double const tiles = static_cast<double>(count * (up(m, tile) / tile) * (up(n, tile) / tile));
        double const fill = tiles / (std::ceil(tiles / p_.units) * p_.units);
        return fill * std::min(1.0, spare * of(m, edge) * of(n, edge) * of(k, ends));
    }

    void move(std::int64_t floats, double bandwidth)
    {
        double const bytes = 4.0 * nets_ * static_cast<double>(floats);
        add(bytes / bandwidth, 0, bytes);
    }

    void add(double seconds, double flops, double bytes)
    {
        total.seconds += seconds + p_.launch;
        total.flops += flops;
        total.bytes += bytes;
        total.launches += 1;
    }

    Processor const& p_;
    int nets_;
};

// The passes of one model over B examples.   `inputs`: matrices that its networks share
class Passes {
public:
    Passes(Model const& model, Processor const& processor, int nets, int inputs)
        : model_(model), processor_(processor), nets_(nets), inputs_(inputs)
    {
    }

    Cost forward(std::int64_t B) const
    {
        return over_layers([&](Sum& sum, Tensor const& t) {
            sum.matmul(t.layer == 0, B, t.fan_out, t.fan_in, operands(t), false);
            sum.pass(2 * B * t.fan_out);  // activation, or loss
        });
    }

    Cost backward(std::int64_t B, bool gradient) const
    {
        return over_layers([&](Sum& sum, Tensor const& t) {
            sum.pass(3 * B * t.fan_out);
            if (gradient) sum.matmul(t.layer == 0, t.fan_in, t.fan_out, B, operands(t), false);
            if (t.layer > 0) sum.matmul(false, B, t.fan_in, t.fan_out, nets_, false);
        });
    }

    // A product of M examples, of which the first layer reads `reach` columns.
    Cost product(std::int64_t M, std::int64_t reach, bool tensor, bool fused) const
    {
        auto const cost = over_layers([&](Sum& sum, Tensor const& t) {
            if (fused && t.layer > 0) return;
            auto const in = t.layer == 0 ? reach : t.fan_in;
            for (int i = 0; i < (t.layer == 0 ? 1 : 2); ++i) {
                sum.matmul(t.layer == 0, M, t.fan_out, in, operands(t), tensor);
                sum.matmul(t.layer == 0, in, t.fan_out, M, operands(t), tensor);
                if (t.layer > 0) sum.matmul(false, M, in, t.fan_out, nets_, tensor);
            }
            if (fused) return;
            sum.pass(3 * M * t.fan_out);
            sum.pass(4 * M * t.fan_out);
        });
        return fused ? cost + cost_between_matmuls(model_, processor_, nets_, M) : cost;
    }

    // What Lanczos does beside a product.
    Cost vectors(std::int64_t params) const
    {
        Sum sum(processor_, nets_);
        for (int i = 0; i < 4; ++i) sum.vectors(6 * params);  // 5 k + 10 vectors behind k others; those that are kept
        for (int i = 0; i < 6; ++i) sum.pass(0);           // small kernels
        return sum.total;
    }

private:
    int operands(Tensor const& t) const { return t.layer == 0 ? inputs_ : nets_; }

    template <class F>
    Cost over_layers(F const& f) const
    {
        Sum sum(processor_, nets_);
        for (auto const& t : model_.tensors.all()) f(sum, t);
        return sum.total;
    }

    Model const& model_;
    Processor const& processor_;
    int nets_, inputs_;
};

Cost times(double factor, Cost cost)
{
    cost.seconds *= factor;
    cost.flops *= factor;
    cost.bytes *= factor;
    cost.launches = static_cast<std::int64_t>(static_cast<double>(cost.launches) * factor);
    return cost;
}

// Columns that the first layer of a product reads.
std::int64_t columns_read(Study const& study, Cohort const& c, Processor const& processor, std::int64_t M)
{
    auto const r = product_inputs(study, M, c.model.inputs);
    if (r == 0) return c.model.inputs;
    return processor.is_core() ? static_cast<std::int64_t>(rotated_columns(M, r)) : r;
}

// Steps after the first by the share of the networks whose λ is measured there.
std::map<double, int> steps_by_share(Study const& study)
{
    std::map<double, int> steps;
    for (int t = 1; t <= study.steps; ++t) ++steps[measured_share(study, t)];
    return steps;
}

// Per measurement, of all steps.
double mean_products(Study const& study, std::int64_t params)
{
    double sum = 0, measured = 0;
    for (int t = 1; t <= study.steps; ++t) {
        sum += measured_share(study, t) * expected_products(study, params, t);
        measured += measured_share(study, t);
    }
    return measured > 0 ? sum / measured : 0;
}

// How many measurements of `products` each a slice computes at a step at which a share of its networks is measured. On a GPU it goes
// on until the last has converged, and an audit of one takes 20 more, unless it computes parts (sharpness/hessian.hpp, bench/RESULTS.md).
double measurements(Study const& study, Processor const& processor, double flops, int nets, double share, double products)
{
    if (processor.is_core() || study.sharpness.method != SharpnessMethod::lanczos || share == 0) return share;
    if (nets * flops >= least_part_flops) return 1.25 * share;
    double const steps = study.audits_some_steps() ? 8 : 1;  // one in so many has an audit, of one network in 64 / steps
    return 2.2 + 20 / steps * (1 - std::pow(1 - steps / 64, nets * share)) / products;
}

// What a slice of a cohort passes through.
struct Work {
    Work(Study const& s, Cohort const& c, Processor const& p, int nets, int seeds)
        : study(s), cohort(c), variant(s.variants.at(static_cast<std::size_t>(c.variant))), processor(p),
          on_batches(c.model, p, nets, seeds), on_measured(c.model, p, nets, s.published() ? seeds : 1),
          gathered(p, seeds), updated(p, nets), L(s.loss_examples(c.examples)),
          M(s.published() ? variant.batch : s.sharpness.examples)
    {
        gathered.pass(2 * variant.batch * c.model.inputs);
        updated.pass((variant.momentum != 0 ? 5 : 3) * c.model.params());
    }

    Cost training() const
    {
        std::int64_t const B = variant.batch;
        if (B == 0) return on_measured.backward(L, true) + updated.total;  // of the evaluation
        return gathered.total + on_batches.forward(B) + on_batches.backward(B, true) + updated.total;
    }
    // With `tensor` all products but the last are in TF32.
    Cost sharpness(double products, bool tensor) const
    {
        auto const columns = columns_read(study, cohort, processor, M);
        bool const fused = fused_by_table(cohort.device, cohort.model, sizeof(float));
        auto const beside = on_measured.vectors(cohort.coordinates.params());
        auto const product = [&](bool t) { return on_measured.product(M, columns, t, fused) + beside; };
        auto cost = on_measured.backward(M, false) + product(false) + times(products - 1, product(tensor));
        return study.published() ? on_measured.forward(M) + cost : cost;
    }

    Study const& study;
    Cohort const& cohort;
    Variant const& variant;
    Processor const& processor;
    Passes on_batches, on_measured;
    Sum gathered, updated;
    std::int64_t L, M;
};

}  // namespace

Cost cost_of_product(Model const& model, Processor const& processor, int nets, std::int64_t M, bool fused, bool tensor)
{
    return Passes(model, processor, nets, 1).product(M, M, tensor, fused);
}

Cost cost_of_step(Study const& study, Cohort const& cohort, Processor const& processor, int nets, int seeds,
                  double measured)
{
    SG_EXPECT(nets > 0 && seeds > 0);
    SG_EXPECT(processor.flops > 0 && processor.bandwidth > 0);
    SG_EXPECT(!processor.is_core() || processor.vector_bandwidth > 0);
    SG_EXPECT(measured >= 0 && measured <= 1);
    Work const work(study, cohort, processor, nets, seeds);
    auto const products = mean_products(study, cohort.coordinates.params());
    auto const flops = product_flops(cohort.coordinates, work.M);
    return work.training() + work.on_measured.forward(work.L) +
           times(measurements(study, processor, flops, nets, measured, products), work.sharpness(products, study.tf32()));
}

double cost_of_cohort(Study const& study, Cohort const& cohort, Processor const& processor)
{
    auto const seeds = static_cast<int>(study.seeds.size()), of_seed = networks_of_point(study);
    double const networks = static_cast<double>(seeds) * of_seed;
    double const slices = std::ceil(networks / cohort.slice_nets);
    int const nets = static_cast<int>(std::ceil(networks / slices));
    int const seeds_of_slice = std::min(seeds, (nets + of_seed - 1) / of_seed);
    Cost cost;
    for (auto const& [share, steps] : steps_by_share(study))
        cost = cost + times(steps, cost_of_step(study, cohort, processor, nets, seeds_of_slice, share));
    Work const slice(study, cohort, processor, nets, seeds_of_slice);
    cost = cost + times(barrier_points(study), slice.on_measured.forward(slice.L));
    double const spectrum = spectrum_products(study, cohort.model.params());
    for (int t = 1; t <= study.steps && spectrum > 0; ++t)
        if (study.spectrum.at(t)) cost = cost + slice.on_measured.forward(slice.L) + slice.sharpness(spectrum, false);
    int const together = cohort.unit_seeds;
    Work const first(study, cohort, processor, together, 1);
    double const products = initial_products(study, cohort.model.params()) + (study.spectrum.at(0) ? spectrum : 0);
    auto const initial = first.on_measured.forward(first.L) + first.sharpness(products, false);
    return slices * cost.seconds + std::ceil(static_cast<double>(seeds) / together) * initial.seconds;
}

}  // namespace sg
