// SPDX-License-Identifier: MIT
#include "cuda/train/slice.hpp"

#include "cuda/train/sgd.hpp"
#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// A data set in the space of a test, and what the oracle reads of it.
struct Data {
    Data(Exec const& exec, FcnSpec const& spec, int count)
        : all(random_examples<float>(spec, count)),
          values(exec, all.x, count, spec.inputs),
          labels(exec, all.label, count) {}
    ExampleData view() const {
        ExampleData data;
        data.values = values.read();
        data.label = labels.data();
        return data;
    }
    // The batch of a step of one seed.
    oracle::Examples batch(BatchOrder& order, std::int64_t step, int size) const {
        oracle::Examples out{size, all.inputs, all.classes, {}, {}};
        auto const* const index = order.batch(step);
        for (int b = 0; b < size; ++b) {
            auto const x = row(all.x, index[b], all.inputs);
            out.x.insert(out.x.end(), x.begin(), x.end());
            out.label.push_back(all.label[static_cast<std::size_t>(index[b])]);
        }
        return out;
    }

    oracle::Examples all;
    Array<float, 2> values;
    Array<std::int32_t, 1> labels;
};

template <class T>
struct Training {
    Training(Exec const& exec_, FcnSpec const& spec_, TrainOptions const& options, Data const& data,
             int nets, int seeds)
        : exec(exec_),
          spec(spec_),
          model(build_fcn(spec)),
          slice(exec, model, options, nets, seeds, data.view(), std::int64_t{data.all.count}) {}
    std::vector<T> theta(int slot) {
        return to_host(exec, networks(slice->theta(), slot, 1));
    }
    Vec score(int slot) { return to_host(exec, slice->score().data + 2 * slot, 2); }
    void step(std::int64_t number) {
        slice->find_gradient(number);
        slice->update();
    }
    void kill(int slot) { from_host(exec, std::vector<unsigned char>{1}, slice->dead() + slot); }

    Exec exec;
    FcnSpec spec;
    Model model;
    Planned<Slice<T>> slice;
};

// Three seeds in groups of 3, 1 and 2 networks.
std::vector<Member> const members{{5, 0.3}, {5, 0.1}, {5, 0.02}, {8, 0.2}, {9, 0.1}, {9, 0.3}};
constexpr int N = 6, B = 12, count = 50;

class SliceTest : public OnEverySpace {
protected:
    FcnSpec const spec = fcn(3, 7, 5, 4);
    Data const data{exec(), spec, count};
    static TrainOptions options(double momentum = 0, Loss loss = Loss::mse) {
        return {loss, momentum, B};
    }
};
SG_SPACES(SliceTest);

template <class T>
void expect_trajectories(Exec const& exec, FcnSpec const& spec, Data const& data,
                         TrainOptions const& options, double tolerance) {
    Training<T> run(exec, spec, options, data, N, 3);
    run.slice->begin(members);
    std::vector<oracle::Net> nets;
    std::vector<std::vector<oracle::Examples>> batches(N);
    for (int n = 0; n < N; ++n) nets.push_back({spec, widened(run.theta(n))});
    int const steps = 9;  // into the third epoch
    for (int step = 0; step < steps; ++step) {
        run.slice->find_gradient(step);
        for (int n = 0; n < N; ++n) {
            auto const place = static_cast<std::size_t>(n);
            BatchOrder order(members[place].seed, count, options.batch);
            batches[place].push_back(data.batch(order, step, static_cast<int>(options.batch)));
            oracle::Net const now{spec, widened(run.theta(n))};
            EXPECT_NEAR(run.score(n)[0], oracle::loss(now, batches[place].back(), options.loss),
                        1e-5);
            EXPECT_NEAR(run.score(n)[1], oracle::accuracy(now, batches[place].back()), 1e-12);
        }
        run.slice->update();
    }
    for (int n = 0; n < N; ++n) {
        auto const place = static_cast<std::size_t>(n);
        auto const truth = oracle::train(nets[place], batches[place], options.loss,
                                         members[place].learning_rate, options.momentum);
        EXPECT_ARRAY_NEAR(run.theta(n), truth.back(), tolerance);
        EXPECT_FALSE(array_near(run.theta(n), truth.front(), 100 * tolerance));  // it did move
    }
}

TEST_P(SliceTest, TrajectoriesAreThoseOfTheOracle) {
    for (double const momentum : {0.0, 0.9})
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            expect_trajectories<double>(exec(), spec, data, options(momentum, loss), 1e-12);
            expect_trajectories<float>(exec(), spec, data, options(momentum, loss), 1e-5);
        }
}

TEST_P(SliceTest, ABatchOfSeveralChunksIsOneMean) {
    auto const small = fcn(2, 3, 4, 3, Activation::tanh);
    Data const many(exec(), small, 700);  // batches of 600 go in chunks of 512 and 88
    Training<double> run(exec(), small, {Loss::cross_entropy, 0, 600}, many, 2, 2);
    run.slice->begin({{1, 0.1}, {2, 0.1}});
    run.slice->find_gradient(0);
    for (int n = 0; n < 2; ++n) {
        BatchOrder order(static_cast<std::uint64_t>(n + 1), 700, 600);
        auto const batch = many.batch(order, 0, 600);
        oracle::Net const net{small, run.theta(n)};
        EXPECT_ARRAY_NEAR(to_host(exec(), networks(run.slice->grad(), n, 1)),
                          oracle::gradient(net, batch, Loss::cross_entropy), 1e-13);
        EXPECT_NEAR(run.score(n)[0], oracle::loss(net, batch, Loss::cross_entropy), 1e-13);
    }
}

TEST_P(SliceTest, NetworksOfASeedBeginAlike) {
    Training<float> run(exec(), spec, options(), data, N, 3);
    run.slice->begin(members);
    EXPECT_SAME_BITS(run.theta(1), run.theta(0));
    EXPECT_SAME_BITS(run.theta(2), run.theta(0));
    EXPECT_SAME_BITS(run.theta(5), run.theta(4));
    EXPECT_NE(run.theta(3), run.theta(0));
    EXPECT_NE(run.theta(4), run.theta(3));
    EXPECT_EQ(to_host(exec(), run.slice->seed(), N),
              (std::vector<std::uint64_t>{5, 5, 5, 8, 9, 9}));
    EXPECT_EQ(run.slice->active(), N);
}

// What a network becomes alone, in another slice and after another study in the same memory.
TEST_P(SliceTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    Training<float> all(exec(), spec, options(0.9), data, N, 3),
        one(exec(), spec, options(0.9), data, N, 3);
    all.slice->begin(members);
    one.slice->begin({{77, 3.0}, {77, 1.0}});
    for (int step = 0; step < 3; ++step) one.step(step);
    one.slice->begin({{9, 0.3}});
    for (int step = 0; step < 8; ++step) {
        all.step(step);
        one.step(step);
    }
    EXPECT_SAME_BITS(all.theta(5), one.theta(0));
    EXPECT_SAME_BITS(all.score(5), one.score(0));
}

TEST_P(SliceTest, ADivergedNetworkLeavesItsNeighboursAlone) {
    auto wild = members;
    wild[1].learning_rate = 1e30;
    wild[4].learning_rate = 1e8;
    Training<float> tame(exec(), spec, options(), data, N, 3),
        run(exec(), spec, options(), data, N, 3);
    tame.slice->begin(members);
    run.slice->begin(wild);
    std::vector<float> dead_weights;
    for (int step = 0; step < 8; ++step) {
        tame.step(step);
        run.slice->find_gradient(step);
        mark_diverged(exec(), run.slice->nets(), run.slice->score(), run.slice->dead());
        run.slice->update();
        if (step == 1) dead_weights = run.theta(1);
    }
    EXPECT_EQ(to_host(exec(), run.slice->dead(), N),
              (std::vector<unsigned char>{0, 1, 0, 0, 1, 0}));
    for (int const n : {0, 2, 3, 5}) EXPECT_SAME_BITS(run.theta(n), tame.theta(n));
    EXPECT_SAME_BITS(run.theta(1), dead_weights);  // dead since step 1
    // Without the judgement it goes on to NaN; the others still do not notice.
    run.slice->begin(wild);
    for (int step = 0; step < 8; ++step) run.step(step);
    EXPECT_TRUE(std::isnan(run.score(1)[0]));
    for (int const n : {0, 2, 3, 5}) EXPECT_SAME_BITS(run.theta(n), tame.theta(n));
}

TEST_P(SliceTest, CompactionKeepsEveryBitOfThoseThatLive) {
    for (double const momentum : {0.0, 0.9}) {
        Training<float> whole(exec(), spec, options(momentum), data, N, 3);
        Training<float> run(exec(), spec, options(momentum), data, N, 3);
        whole.slice->begin(members);
        run.slice->begin(members);
        std::vector<int> slots{0, 1, 2, 3, 4, 5};
        for (int step = 0; step < 9; ++step) {
            if (step == 3) {  // the group of seed 8 goes, and one of each of the others
                for (int const slot : {0, 3, 4}) run.kill(slot);
                run.slice->compact({1, 2, 5}, 3);
                slots = {1, 2, 5};
            }
            if (step == 6) {  // and now the first group
                run.slice->compact({2}, 2);  // and a slot without a network
                slots = {5};
            }
            whole.step(step);
            run.step(step);
            ASSERT_EQ(run.slice->active(), step < 6 ? static_cast<int>(slots.size()) : 2);
            if (step >= 6) {
                EXPECT_EQ(run.slice->member_of(1), -1);
            }
            for (int s = 0; s < static_cast<int>(slots.size()); ++s) {
                int const member = slots[static_cast<std::size_t>(s)];
                EXPECT_EQ(run.slice->member_of(s), member);
                EXPECT_SAME_BITS(run.theta(s), whole.theta(member));
                EXPECT_SAME_BITS(run.score(s), whole.score(member));
            }
        }
        EXPECT_EQ(to_host(exec(), run.slice->kept(), 1), std::vector<int>{2});
        EXPECT_EQ(to_host(exec(), run.slice->dead(), 2), (std::vector<unsigned char>{0, 1}));
        EXPECT_EQ(to_host(exec(), run.slice->seed(), 1), std::vector<std::uint64_t>{9});
    }
}

TEST_P(SliceTest, WithoutABatchTheCallerFillsTheGradient) {
    Training<double> run(exec(), spec, {Loss::mse, 0.5, 0}, data, 2, 1);
    run.slice->begin({{1, 0.25}, {2, 2.0}});
    auto const first = run.theta(1);
    auto const P = static_cast<std::size_t>(run.model.params());
    from_host(exec(), std::vector<double>(2 * P, 0.125), run.slice->grad());
    run.slice->update();
    run.slice->update();
    Vec expected = first;
    for (double& x : expected) x -= 2 * (0.125 + 0.1875);
    EXPECT_ARRAY_NEAR(run.theta(1), expected, 1e-14);
    EXPECT_THROW(run.slice->find_gradient(0), InternalError);
}

TEST_P(SliceTest, MoreThanWasPlannedIsRefused) {
    Training<float> run(exec(), spec, options(), data, 3, 2);
    EXPECT_THROW(run.slice->begin(members), InternalError);
    EXPECT_THROW(run.slice->begin({{1, 1.0}, {2, 1.0}, {3, 1.0}}), InternalError);
    EXPECT_THROW(run.slice->begin({{1, 1.0}, {2, 1.0}, {1, 1.0}}), InternalError);
    EXPECT_NO_THROW(run.slice->begin({{1, 1.0}, {2, 1.0}, {2, 1.0}}));
    EXPECT_THROW(run.slice->compact({1, 0}, 2), InternalError);
    EXPECT_THROW(run.slice->compact({0, 1}, 1), InternalError);
}

}  // namespace
}  // namespace sg::test
