// SPDX-License-Identifier: MIT
#include <cmath>
#include <stdexcept>

#include "tests/support/random.hpp"
#include "tests/support/write_reference.hpp"

namespace sg::oracle {
namespace {

double norm(Vec const& v, std::size_t first, std::size_t end) {
    double sum = 0;
    for (std::size_t i = first; i < end; ++i) sum += v[i] * v[i];
    return std::sqrt(sum);
}

Vec layer_norms(FcnSpec const& spec, Vec const& v) {
    Vec norms;
    for (int l = 0; l < spec.depth; ++l)
        norms.push_back(norm(v, layer_offset(spec, l), layer_offset(spec, l + 1)));
    return norms;
}

// Exact in single precision, as the format promises.
Vec single(Vec v) {
    for (double& x : v) x = static_cast<float>(x);
    return v;
}

std::vector<int> draw(Random& random, int count, std::size_t below) {
    std::vector<int> out;
    for (int i = 0; i < count; ++i) out.push_back(random.below(static_cast<int>(below)));
    return out;
}

void append(Vec& to, Vec const& from) { to.insert(to.end(), from.begin(), from.end()); }

// Index of the first loss above the threshold or nan.
int first_above(Vec const& loss, std::size_t first, std::size_t count, double threshold) {
    for (std::size_t t = 0; t < count; ++t)
        if (!(loss[first + t] <= threshold)) return static_cast<int>(t);
    return -1;
}

class Maker {
public:
    Maker(MadeCase const& made, FashionMnist const& images) : random_(made.seed) {
        settings(made);
        vectors();
        measured_ = images.rows(r_.measure_indices);
        for (int t = 0; t < r_.steps; ++t) batches_.push_back(images.rows(r_.batch(t)));
    }

    Reference make() {
        start();
        for (int n = 0; n < r_.runs; ++n) run(n);
        return r_;
    }

private:
    void settings(MadeCase const& made);
    void vectors();
    void start();
    void run(int n);
    void measure(Net const& net);
    void top(Net const& net);
    void first_steps(int n);

    Random random_;
    Reference r_;
    Examples measured_;
    std::vector<Examples> batches_;
};

void Maker::settings(MadeCase const& made) {
    r_.spec = made.spec;
    r_.loss_kind = made.loss;
    r_.momentum = made.momentum;
    r_.divergence_threshold = 1e5;
    r_.runs = static_cast<int>(made.c.size());
    r_.steps = made.steps;
    r_.batch_size = made.batch_size;
    r_.measure_examples = made.measure_examples;
    r_.power_iterations = made.power_iterations;
    r_.interp_points = made.interp_points;
    r_.c = made.c;
}

void Maker::vectors() {
    std::size_t const P = parameter_count(r_.spec);
    r_.init_weights = single(random_net(r_.spec, 17).theta);
    r_.power_start = single(random_.normals(P));
    r_.hvp_vector = single(random_.normals(P));
    r_.measure_indices = draw(random_, r_.measure_examples, 60000);
    r_.batch_indices = draw(random_, r_.steps * r_.batch_size, 60000);
    r_.final_weight_sample_index = draw(random_, 64, P);
    Vec const checks(r_.c.size() * static_cast<std::size_t>(r_.steps + 1), 1e-16);
    r_.loss_rel_diff = r_.sharpness_rel_diff = checks;
}

void Maker::start() {
    Net const net = r_.net();
    r_.hvp_result = exact_Hv(net, measured_, r_.loss_kind, r_.hvp_vector);
    r_.grad_step0 = gradient(net, measured_, r_.loss_kind);
    r_.grad_norm_step0 = norm(r_.grad_step0, 0, r_.grad_step0.size());
    r_.grad_layer_norm_step0 = layer_norms(r_.spec, r_.grad_step0);
    double const sharpness =
        power(net, measured_, r_.loss_kind, r_.power_start, r_.power_iterations).sharpness;
    for (double const c : r_.c) r_.learning_rate.push_back(c / sharpness);
}

void Maker::run(int n) {
    double const rate = r_.learning_rate[static_cast<std::size_t>(n)];
    auto const rows = train(r_.net(), batches_, r_.loss_kind, rate, r_.momentum);
    for (Vec const& theta : rows) measure({r_.spec, theta});
    for (std::size_t t = 0; t < batches_.size(); ++t)
        r_.train_batch_loss.push_back(loss({r_.spec, rows[t]}, batches_[t], r_.loss_kind));
    top({r_.spec, rows.front()});
    top({r_.spec, rows.back()});
    for (int k = 0; k < r_.interp_points; ++k) {
        double const s = k / (r_.interp_points - 1.0);
        Vec theta(rows.front());
        for (std::size_t i = 0; i < theta.size(); ++i)
            theta[i] = (1 - s) * theta[i] + s * rows.back()[i];
        r_.interp_loss.push_back(loss({r_.spec, theta}, measured_, r_.loss_kind));
    }
    for (int const i : r_.final_weight_sample_index)
        r_.final_weight_sample.push_back(rows.back()[static_cast<std::size_t>(i)]);
    first_steps(n);
}

void Maker::measure(Net const& net) {
    r_.loss.push_back(loss(net, measured_, r_.loss_kind));
    r_.accuracy.push_back(accuracy(net, measured_));
    r_.sharpness.push_back(
        power(net, measured_, r_.loss_kind, r_.power_start, r_.power_iterations).sharpness);
    append(r_.weight_layer_norm, layer_norms(r_.spec, net.theta));
}

void Maker::top(Net const& net) {
    auto const largest = top_eigenvalue(net, measured_, r_.loss_kind);
    auto const minus = [&](Vec const& v) {
        Vec product = exact_Hv(net, measured_, r_.loss_kind, v);
        for (double& x : product) x = -x;
        return product;
    };
    // The lower end is dense; its digits matter only where it competes with the upper one.
    auto const lowest = lanczos_top(minus, static_cast<int>(net.theta.size()));
    bool const competes = lowest.value > 0.5 * largest.value;
    if (!largest.converged || (competes && !lowest.converged))
        throw std::runtime_error("an eigenvalue of a made case did not converge");
    double const magnitude = lowest.value > largest.value ? -lowest.value : largest.value;
    r_.top_eigenvalue.push_back(largest.value);
    r_.top_eigenvalue_largest_magnitude.push_back(magnitude);
    r_.top_eigenvalue_residual.push_back(largest.residual);
}

// No loss here is nan, so that both definitions of the last two agree.
void Maker::first_steps(int n) {
    auto const S = static_cast<std::size_t>(r_.steps), run = static_cast<std::size_t>(n);
    double const threshold = r_.divergence_threshold;
    int const train = first_above(r_.train_batch_loss, run * S, S, threshold);
    r_.first_step_measure_loss_exceeds.push_back(
        first_above(r_.loss, run * (S + 1), S + 1, threshold));
    r_.first_step_train_loss_exceeds.push_back(train);
    r_.first_step_train_loss_exceeds_ignoring_nan.push_back(train);
}

}  // namespace

Reference make_reference(MadeCase const& made, FashionMnist const& images) {
    return Maker(made, images).make();
}

}  // namespace sg::oracle
