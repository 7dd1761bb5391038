// SPDX-License-Identifier: MIT
// Promise 1 of the design: warm measurements along training against strict ones at the same θ,
// which the oracle confirms. Both in float: where a relu unit is within rounding of zero, float and
// double are two networks, and their sharpness was seen to differ by 1e-3 of it.
#include <algorithm>
#include <iostream>

#include "cuda/train/slice.hpp"
#include "tests/support/eigen_run.hpp"
#include "tests/support/fashion_mnist.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int in_data = 256, measured = 64;

// Points around a centre for each class: a top eigenvalue that stands out, as in real data.
oracle::Examples clusters(int inputs, int classes) {
    oracle::Random random(17);
    auto const centres = random.normals(static_cast<std::size_t>(inputs * classes));
    oracle::Examples out{in_data, inputs, classes, {}, {}};
    for (int b = 0; b < in_data; ++b) {
        out.label.push_back(random.below(classes));
        for (int d = 0; d < inputs; ++d)
            out.x.push_back(centres[static_cast<std::size_t>(out.label.back() * inputs + d)] +
                            0.7 * random.normal() + 0.5);
    }
    out.x = rounded<float>(out.x);
    return out;
}

oracle::Examples fashion(oracle::FashionMnist const& set) {
    std::vector<int> first;
    for (int i = 0; i < in_data; ++i) first.push_back(i);
    auto out = set.rows(first);
    out.x = rounded<float>(out.x);
    return out;
}

oracle::Examples beginning(oracle::Examples all) {
    all.count = measured;
    all.x.resize(static_cast<std::size_t>(measured * all.inputs));
    all.label.resize(measured);
    return all;
}

// One network for each c, trained together with mini-batches of 64, for each seed in turn.
struct Study {
    FcnSpec spec;
    Loss loss = Loss::mse;
    std::vector<double> c{1, 2, 4, 8};
    int steps = 10;
    int seeds = 1;
};

class Trajectories {
public:
    Trajectories(Exec const& exec, Study const& study, oracle::Examples const& data)
        : exec_(exec),
          study_(study),
          some_(beginning(data)),
          model_(build_fcn(study.spec)),
          values_(exec, data.x, data.count, data.inputs),
          labels_(exec, data.label, data.count),
          slice_(exec, model_, TrainOptions{study.loss, 0, 64}, size(), 1, source(data.inputs),
                 std::int64_t{data.count}),
          warm_(exec, study.loss, some_, empty_nets()) {}

    // Relative errors λ / truth − 1 of each network at each step after the first.
    Vec errors(std::uint64_t seed) {
        std::vector<Member> members(study_.c.size(), {seed, 0.0});
        slice_->begin(members);
        double const initial = measure(LanczosRule::initial())[0].lambda;
        for (std::size_t n = 0; n < members.size(); ++n)
            members[n].learning_rate = study_.c[n] / initial;
        slice_->begin(members);
        Vec all;
        for (int step = 1; step <= study_.steps; ++step) {
            slice_->find_gradient(step - 1);
            slice_->update();
            auto const results = measure(warm(step));
            auto const truth = warm_.run(strictly());
            auto const score = to_host(exec_, warm_.cohort.op->score().data, 3 * size());
            for (std::size_t n = 0; n < results.size(); ++n) {
                bool const lives = score[3 * n] <= 1e5 && score[3 * n + 2] > 0;
                if (!lives) continue;  // diverged or collapsed
                EXPECT_EQ(results[n].status, EigenStatus::converged);
                EXPECT_EQ(truth[n].status, EigenStatus::converged);
                all.push_back(results[n].lambda / truth[n].lambda - 1);
            }
        }
        return all;
    }
    // The truth of this test at the last θ against the oracle, for network n.
    void confirm(int n) {
        oracle::Net const net{study_.spec, widened(row(theta(), n, model_.params()))};
        double const top = oracle::top_eigenvalue(net, some_, study_.loss).value;
        EXPECT_NEAR(measure(strictly())[static_cast<std::size_t>(n)].lambda, top, 1e-6 * top);
    }
    int size() const { return static_cast<int>(study_.c.size()); }

private:
    std::vector<oracle::Net> empty_nets() const {
        return std::vector<oracle::Net>(study_.c.size(), oracle::random_net(study_.spec, 1));
    }
    ExampleData source(int) const {
        ExampleData data;
        data.values = values_.read();
        data.label = labels_.data();
        return data;
    }
    std::vector<float> theta() {
        return to_host(exec_, networks(slice_->theta(), 0, size()));
    }
    std::vector<EigenResult> measure(LanczosRule const& rule) {
        warm_.cohort.theta.set(theta());
        warm_.cohort.linearise();
        return warm_.run(rule);
    }
    static LanczosRule strictly() {
        auto rule = LanczosRule::audit();
        rule.min_products = 30;
        return rule;
    }

    Exec exec_;
    Study study_;
    oracle::Examples some_;
    Model model_;
    Array<float, 2> values_;
    Array<std::int32_t, 1> labels_;
    Planned<Slice<float>> slice_;
    EigenRun<float> warm_;
};

struct Errors {
    Vec size;  // ascending
    double above = 0;
    double quantile(double q) const {
        return size[static_cast<std::size_t>(q * static_cast<double>(size.size()))];
    }
};

Errors summary(Vec const& errors) {
    Errors out;
    for (double const e : errors) {
        out.above = std::max(out.above, e);
        out.size.push_back(std::abs(e));
    }
    std::sort(out.size.begin(), out.size.end());
    return out;
}

class LanczosPromiseTest : public OnEverySpace {
protected:
    Errors errors_of(std::vector<Study> const& studies, oracle::Examples const& data) const {
        Vec all;
        for (auto const& study : studies) {
            Trajectories trajectories(exec(), study, data);
            for (int seed = 0; seed < study.seeds; ++seed)
                for (double const e : trajectories.errors(static_cast<std::uint64_t>(11 + seed)))
                    all.push_back(e);
            trajectories.confirm(1);
        }
        return summary(all);
    }
    static FcnSpec zero(FcnSpec spec) {
        spec.last_layer = LastLayer::zero;
        return spec;
    }
};
SG_DEVICES(LanczosPromiseTest);

void expect_kept(Errors const& e, std::size_t least, double median, double bound) {
    ASSERT_GE(e.size.size(), least);
    EXPECT_LE(e.quantile(0.5), median);
    EXPECT_LE(e.quantile(0.99), bound);
    EXPECT_LE(e.above, 1e-4);
    std::cout << e.size.size() << " measurements: median error " << e.quantile(0.5)
              << ", 99 % within " << e.quantile(0.99) << ", largest excess " << e.above << "\n";
}

TEST_P(LanczosPromiseTest, OnSyntheticData) {
    expect_kept(errors_of({{fcn(2, 16, 20, 10)},
                           {fcn(4, 16, 20, 10)},
                           {fcn(8, 12, 20, 10)},
                           {fcn(3, 16, 20, 10, Activation::tanh)},
                           {fcn(4, 16, 20, 10), Loss::cross_entropy}},
                          clusters(20, 10)),
                150, 1e-4, 1e-3);
}

// Batches of 64 move these small networks farther in a step than real ones move, and now and then
// another eigenvalue passes the top one unseen: a share that takes several seeds to be seen.
TEST_P(LanczosPromiseTest, OnSyntheticDataWithAZeroLastLayer) {
    std::vector<double> const c{1, 2, 4, 8};
    expect_kept(errors_of({{zero(fcn(2, 16, 20, 10)), Loss::mse, c, 10, 5},
                           {zero(fcn(4, 16, 20, 10)), Loss::mse, c, 10, 5}},
                          clusters(20, 10)),
                300, 5e-4, 1e-2);
}

TEST_P(LanczosPromiseTest, OnFashionMnist) {
    auto const set = oracle::FashionMnist::open();
    if (!set) GTEST_SKIP() << "no Fashion-MNIST on this machine";
    auto const data = fashion(*set);
    expect_kept(errors_of({{fcn(4, 16, 784, 10), Loss::mse, {1, 2, 4, 8}, 6, 2},
                           {fcn(8, 16, 784, 10), Loss::mse, {1, 2, 4, 8}, 6, 2},
                           {fcn(2, 32, 784, 10), Loss::mse, {1, 4}, 6, 2}},
                          data),
                100, 1e-4, 1e-3);
    expect_kept(errors_of({{zero(fcn(2, 32, 784, 10)), Loss::mse, {1, 2, 2.6, 4}, 8, 5},
                           {zero(fcn(4, 16, 784, 10)), Loss::mse, {1, 2, 2.6, 4}, 8, 5}},
                          data),
                300, 5e-4, 1e-2);
}

}  // namespace
}  // namespace sg::test
