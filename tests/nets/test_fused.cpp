// SPDX-License-Identifier: MIT
// Fused products against those layer by layer, and against the oracle.
#include "cuda/nets/fused.hpp"

#include <fstream>
#include <sstream>

#include "bench/fused_table.hpp"
#include "cuda/nets/fused_table.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/random.hpp"
#include "tests/support/rotated.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Case {
    FcnSpec spec;
    Loss loss;
    int examples, part;  // part: of a chunk
};

// Three networks with a direction each, their tapes, and both ways to a product.
constexpr int N = 3;

template <class T>
struct Products {
    Products(Exec const& exec_, Case const& c_)
        : exec(exec_),
          c(c_),
          model(build_fcn(c.spec)),
          P(model.params()),
          nets(random_nets<T>(c.spec, N)),
          examples(random_examples<T>(c.spec, c.examples)),
          data(exec, examples),
          theta(exec, weights(nets), N, P),
          v(exec, rounded<T>(oracle::Random(5).normals(static_cast<std::size_t>(N * P))), N, P),
          Hv(exec, Vec(static_cast<std::size_t>(N * P), 33), N, P) {
        Arena measure;
        carve(measure);
        arena = Arena(exec, measure.largest());
        carve(arena);
        in_chunks([&](Batch<T> const& batch, Tape<T> const& chunk, bool) {
            forward<T>(exec, {N}, model, theta.read(), batch, chunk);
            backward<T>(exec, {N}, model, c.loss, c.examples, theta.read(), batch, chunk, {}, false);
        });
    }
    void carve(Arena& from) {
        tape = Tape<T>::take(from, model, N, c.examples);
        layers = TangentTape<T>::take(from, model, N, c.part);
        fused = FusedTape<T>::take(from, model, N, c.part);
    }
    template <class F>
    void in_chunks(F const& f) const {
        std::vector<Group> const groups{{0, N, 0}};
        auto all = data.batch();
        all.groups = &groups;
        for (int first = 0; first < c.examples; first += c.part) {
            int const count = std::min(c.part, c.examples - first);
            f(chunk(all, first, count), tape.chunk(first, count), first > 0);
        }
    }
    std::vector<T> run_fused(unsigned char const* skip = nullptr) const {
        in_chunks([&](Batch<T> const& batch, Tape<T> const& part, bool accumulate) {
            fused_tangent<T>(exec, {N, skip}, model, c.loss, c.examples, theta.read(), batch, part, fused,
                             v.read(), Hv.view(), accumulate);
        });
        return Hv.host();
    }
    std::vector<T> run_layers() const {
        std::vector<PackedLayer<T>> const packed(model.layers.size());
        in_chunks([&](Batch<T> const& batch, Tape<T> const& part, bool accumulate) {
            tangent<T>(exec, {N}, model, c.loss, c.examples, theta.read(), batch, part, layers, packed, v.read(),
                       Hv.view(), accumulate);
        });
        return Hv.host();
    }

    Exec exec;
    Case c;
    Model model;
    std::int64_t P;
    std::vector<oracle::Net> nets;
    oracle::Examples examples;
    SharedBatch<T> data;
    Array<T, 2> theta, v, Hv;
    Arena arena;
    Tape<T> tape;
    TangentTape<T> layers;
    FusedTape<T> fused;
};

// Tiles have 64 examples: one that is not full, several, several of a chunk, several of a block (1100).
std::vector<Case> cases() {
    std::vector<Case> all;
    for (auto const activation : {Activation::relu, Activation::tanh, Activation::linear})
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            all.push_back({fcn(2, 1, 3, 2, activation), loss, 5, 5});
            all.push_back({fcn(3, 5, 7, 10, activation), loss, 70, 70});
            all.push_back({fcn(4, 16, 6, 3, activation), loss, 130, 66});
        }
    all.push_back({fcn(5, 32, 5, 10), Loss::mse, 100, 100});
    all.push_back({fcn(2, 64, 4, 10, Activation::tanh), Loss::cross_entropy, 65, 65});
    all.push_back({fcn(3, 61, 4, 1), Loss::mse, 64, 64});
    all.push_back({fcn(8, 12, 5, 3, Activation::tanh), Loss::mse, 67, 64});
    all.push_back({fcn(3, 4, 3, 2, Activation::tanh), Loss::cross_entropy, 1100, 1100});
    all.push_back({fcn(2, 3, 2, 64), Loss::mse, 20, 20});
    auto scaled = fcn(3, 9, 4, 3, Activation::tanh);
    scaled.parameterization = Parameterization::ntk;
    scaled.output_scale = 1.7;
    all.push_back({scaled, Loss::cross_entropy, 8, 8});
    return all;
}

class FusedTest : public OnEverySpace {};
SG_SPACES(FusedTest);

template <class T>
void expect_products(Exec const& exec, Case const& c, double tolerance) {
    Products<T> const p(exec, c);
    auto const by_layers = widened(p.run_layers());
    p.run_fused();
    auto const found = p.run_fused();  // what a product leaves behind does not change the next
    for (int n = 0; n < N; ++n) {
        auto const direction = row(p.v.wide(), n, p.P);
        auto const truth = oracle::exact_Hv(p.nets[static_cast<std::size_t>(n)], p.examples, c.loss, direction);
        double const largest = oracle::largest(truth);
        EXPECT_ARRAY_NEAR(row(found, n, p.P), truth, tolerance * largest + 1e-30);
        EXPECT_ARRAY_NEAR(row(found, n, p.P), row(by_layers, n, p.P), tolerance * largest + 1e-30);
    }
}

TEST_P(FusedTest, ProductsAreThoseOfTheLayersAndOfTheOracle) {
    int number = 0, tried = 0, in_double = 0;
    for (auto const& c : cases()) {
        SCOPED_TRACE(number++);
        expect_products<float>(exec(), c, 3e-6);
        if (!exec().on_cpu() && number % 3 != 0) continue;  // an emulator takes long
        ++tried;
        if (FusedShape::of(build_fcn(c.spec))->scratch(sizeof(double)) > exec().scratch_limit()) continue;
        expect_products<double>(exec(), c, 1e-13);
        ++in_double;
    }
    EXPECT_GT(in_double, tried - 4);  // width 64 is too wide in double
}

// Whatever the order of blocks and of the indices of a phase.
TEST(Fused, BitsDoNotDependOnTheOrderOfWork) {
    Case const c{fcn(4, 20, 6, 3, Activation::tanh), Loss::cross_entropy, 1100, 1100};
    Products<float> const in_order(Exec::cpu(), c), shuffled(Exec::cpu(3), c), otherwise(Exec::cpu(4), c);
    auto const bits = in_order.run_fused();
    EXPECT_SAME_BITS(shuffled.run_fused(), bits);
    EXPECT_SAME_BITS(otherwise.run_fused(), bits);
}

TEST_P(FusedTest, ASkippedNetworkKeepsEveryBitAndChangesNoOther) {
    Case const c{fcn(3, 9, 6, 3), Loss::mse, 70, 70};
    Products<float> const p(exec(), c);
    auto const all = p.run_fused();
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 1, 0}, N);
    p.Hv.set(Vec(static_cast<std::size_t>(N * p.P), 33));
    auto const some = p.run_fused(skip.data());
    for (int const n : {0, 2}) EXPECT_SAME_BITS(row(some, n, p.P), row(all, n, p.P));
    auto const kept = row(some, 1, p.P);
    // On a GPU the matmul of the first layer computes it with the others.
    std::int64_t const first = exec().on_cpu() ? 0 : 6 * 9;
    EXPECT_EQ(Vec(kept.begin() + first, kept.end()), Vec(static_cast<std::size_t>(p.P - first), 33));
}

// The operator: rotated or not, in its own chunks, recomputed.
TEST_P(FusedTest, TheOperatorHasTheProductsOfBothPathsInAllCoordinates) {
    for (auto const& [inputs, examples] : {std::pair{40, 130}, {150, 132}}) {  // two chunks on the CPU
        auto const spec = fcn(3, 5, inputs, 3, Activation::tanh);
        auto const nets = random_nets<double>(spec, 2);
        auto const all = random_examples<double>(spec, examples);
        auto const loss = Loss::cross_entropy;
        Rotated<double> fused(exec(), loss, all, nets, false, Path::fused), layers(exec(), loss, all, nets, false, Path::layers),
            again(exec(), loss, all, nets, true, Path::fused);
        EXPECT_TRUE(fused.op->fused());
        EXPECT_FALSE(layers.op->fused());
        for (auto const P : {fused.op->coordinates().params(), fused.cohort.params}) {
            auto const v = oracle::Random(3).normals(static_cast<std::size_t>(2 * P));
            auto const expected = widened(layers.product(v));
            auto const found = fused.product(v);
            EXPECT_ARRAY_NEAR(found, expected, 1e-13 * oracle::largest(expected));
            EXPECT_SAME_BITS(again.product(v), found);
        }
    }
}

TEST_P(FusedTest, TheTableDecidesUnlessATestDoes) {
    auto const spec = fcn(2, 4, 6, 3);
    Cohort<float> chosen(exec(), Loss::mse, random_examples<float>(spec, 5), random_nets<float>(spec, 2), Path::by_table);
    EXPECT_EQ(chosen.op->fused(), fused_by_table(exec().model(), chosen.model, sizeof(float)));
    EXPECT_EQ(exec().model().empty(), exec().on_cpu());
    if (exec().on_cpu()) {
        EXPECT_FALSE(fused_by_table(exec().model(), chosen.model, sizeof(float)));
    }
}

TEST_P(FusedTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    auto const spec = fcn(4, 17, 30, 10);
    auto const nets = random_nets<float>(spec, 5);
    auto const examples = random_examples<float>(spec, 70);
    Rotated<float> all(exec(), Loss::cross_entropy, examples, nets, false, Path::fused),
        one(exec(), Loss::cross_entropy, examples, {nets[3]}, false, Path::fused);
    auto const P = all.op->coordinates().params();
    auto const v = oracle::Random(3).normals(static_cast<std::size_t>(5 * P));
    EXPECT_SAME_BITS(one.product(row(v, 3, P)), row(all.product(v), 3, P));
}

TEST(Fused, WhatDoesNotFitIsComputedByLayers) {
    auto const exec = Exec::cpu();
    auto const fits = [&]<class T>(T, FcnSpec const& spec) {
        Arena measure;
        auto const model = build_fcn(spec);
        Batch<T> batch;
        batch.x = View<T const, 3>::dense(nullptr, 1, 64, spec.inputs);
        return HessianOperator<T>(exec, measure, model, Loss::mse, 1, batch, false, Path::fused).fused();
    };
    EXPECT_TRUE(fits(0.F, fcn(9, 64, 4, 10)));
    EXPECT_FALSE(fits(0.F, fcn(10, 64, 4, 10)));
    EXPECT_FALSE(fits(0.F, fcn(8, 64, 4, 10, Activation::tanh)));  // which keeps one array more of each layer
    EXPECT_FALSE(fits(0.0, fcn(4, 64, 4, 10)));
    EXPECT_TRUE(fits(0.0, fcn(4, 32, 4, 10)));
    EXPECT_FALSE(fits(0.F, fcn(2, 65, 4, 10)));
    EXPECT_FALSE(fits(0.F, fcn(2, 8, 4, 65)));
    EXPECT_FALSE(fits(0.F, fcn(1, 8, 4, 10)));  // there is nothing between its matmuls
    EXPECT_TRUE(fits(0.F, fcn(16, 4, 4, 10)));
    EXPECT_FALSE(fits(0.F, fcn(17, 4, 4, 10)));
}

TEST(Fused, AllThreadsHaveWork) {
    for (auto const& [width, threads, slices] : {std::tuple{1, 64, 8}, {8, 64, 8}, {16, 64, 4}, {24, 96, 2}, {32, 128, 2}, {64, 256, 1}}) {
        auto const shape = FusedShape::of(build_fcn(fcn(3, width, 4, 4)));
        ASSERT_TRUE(shape.has_value());
        EXPECT_EQ(shape->threads, threads);
        EXPECT_EQ(shape->slices, slices);
        EXPECT_EQ(shape->row / 4 % 2, 1);
    }
    for (auto const& [count, blocks, tiles] : {std::tuple{1, 1, 1}, {64, 1, 1}, {65, 2, 1}, {1024, 16, 1}, {1025, 9, 2}, {4096, 16, 4}}) {
        EXPECT_EQ(FusedShape::blocks(count), blocks);
        EXPECT_EQ(FusedShape::tiles_of_block(count), tiles);
    }
}

TEST(Fused, TheTableIsWhatTheModelOfTimeSays) {
    std::ifstream file(SG_SOURCE_DIR "/cuda/nets/fused_table.hpp");
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), bench::fused_table());
    for (auto const& device : fused_devices) EXPECT_EQ(device_model_of("NVIDIA " + std::string(device.title))->title, device.title);
}

TEST(Fused, TheTableKnowsDevicesByTheNameOfTheirDriver) {
    auto const& device = fused_devices.front();
    ASSERT_EQ(device.title, "H200");
    auto const widest = device.widest.front();
    ASSERT_GT(widest, 0);
    auto const narrow = build_fcn(fcn(2, widest, 784, 10)), wide = build_fcn(fcn(2, widest + 1, 784, 10));
    EXPECT_TRUE(fused_by_table("NVIDIA H200", narrow, 4));
    EXPECT_FALSE(fused_by_table("NVIDIA H200", wide, 4));
    EXPECT_FALSE(fused_by_table("NVIDIA B200", narrow, 4));
    EXPECT_FALSE(fused_by_table("", narrow, 4));  // the CPU
    EXPECT_FALSE(fused_by_table("NVIDIA H200", build_fcn(fcn(1, 4, 784, 10)), 4));
    EXPECT_FALSE(fused_by_table("NVIDIA L4", build_fcn(fcn(8, 32, 784, 10)), 8));  // too large in double
}

}  // namespace
}  // namespace sg::test
