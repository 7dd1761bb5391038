// SPDX-License-Identifier: MIT
// The engine's networks of the solvable model against its closed form: output, κ, loss and sharpness, step by
// step.
#include "cuda/nets/uv.hpp"
#include "cuda/sharpness/meter.hpp"
#include "cuda/train/slice.hpp"
#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"
#include "tests/support/uv_map.hpp"

namespace sg::test {
namespace {

class UvTrajectory : public OnEverySpace {};
SG_SPACES(UvTrajectory);

Model uv_model() {
    Model model = build_fcn(uv_spec(64));
    model.start = {1, 0.01};
    return model;
}

// Two seeds of five networks, from c below 2 to the last that does not diverge.
constexpr double constants[] = {1, 2.05, 2.5, 3.3, 4.1};
constexpr int N = 10;

template <class T>
struct UvRun {
    UvRun(Exec const& exec_, Method method)
        : exec(exec_),
          values(exec, Vec{1}, 1, 1),
          labels(exec, std::vector<int>{-1}, 1),
          batch(exec, {1, 1, 1, {1}, {-1}}),
          slice(exec, model, TrainOptions{Loss::mse, 0, 0}, N, 2, data(), std::int64_t{1}),
          op(exec, model, Loss::mse, N, batch.batch()),
          meter(exec, model, N, MeterOptions{method, 1e-6, 20}) {
        std::vector<Member> members;
        for (std::uint64_t const seed : {4U, 9U})
            for (double const c : constants) members.push_back({seed, c / UvMap{}.sharpness()});
        slice->begin(members);
    }
    ExampleData data() const {
        ExampleData one;
        one.values = values.read();
        one.label = labels.data();
        return one;
    }
    void measure(int step) {
        op->evaluate(slice->nets(), slice->theta());
        op->gradient(slice->nets(), slice->grad());
        if (step == 0) meter->measure_initial(*op, slice->nets(), slice->seed());
        if (step > 0) meter->measure(*op, slice->nets(), slice->seed(), step);
        lambda = to_host(exec, meter->results(), N);
        score = to_host(exec, op->score().data, 3 * N);
    }
    UvMap numbers(int n) {
        auto const theta = widened(to_host(exec, networks(slice->theta(), n, 1)));
        UvMap now{64, 0, 0};
        for (std::size_t i = 0; i < 64; ++i) {
            now.f += theta[i] * theta[64 + i] / 8;
            now.kappa += (theta[i] * theta[i] + theta[64 + i] * theta[64 + i]) / 64;
        }
        return now;
    }

    Exec exec;
    Model model = uv_model();
    Array<float, 2> values;
    Array<std::int32_t, 1> labels;
    SharedBatch<T> batch;
    Planned<Slice<T>> slice;
    Planned<HessianOperator<T>> op;
    Planned<SharpnessMeter<T>> meter;
    std::vector<EigenResult> lambda;
    Vec score;
};

template <class T>
void expect_closed_form(Exec const& exec, Method method, double tolerance) {
    UvRun<T> run(exec, method);
    std::vector<UvMap> truth(N);
    for (int step = 0; step <= 10; ++step) {
        run.measure(step);
        for (int n = 0; n < N; ++n) {
            SCOPED_TRACE(testing::Message() << "step " << step << ", network " << n);
            auto const at = static_cast<std::size_t>(n);
            UvMap const now = run.numbers(n), &known = truth[at];
            EXPECT_NEAR(now.f, known.f, tolerance);
            EXPECT_NEAR(now.kappa, known.kappa, tolerance);
            EXPECT_NEAR(run.score[3 * at], known.loss(), 10 * tolerance);
            EXPECT_NEAR(run.lambda[at].lambda, known.sharpness(), tolerance);
            truth[at].step(constants[at % 5] / UvMap{}.sharpness());
        }
        run.slice->update();
    }
}

TEST_P(UvTrajectory, FollowsTheClosedFormInDouble) {
    for (auto const method : {Method::exact, Method::lanczos})
        expect_closed_form<double>(exec(), method, 1e-10);
}

TEST_P(UvTrajectory, FollowsTheClosedFormInFloat) {
    expect_closed_form<float>(exec(), Method::lanczos, 1e-4);
}

}  // namespace
}  // namespace sg::test
