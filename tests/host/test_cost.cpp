// SPDX-License-Identifier: MIT
// What the model of time says where it can be worked out by hand.
#include "host/cost.hpp"

#include <gtest/gtest.h>

#include "host/config.hpp"

namespace sg::test {
namespace {

Study study_of(std::string const& model, std::string const& more = "") {
    return parse_study("study: timed\nmodel: {kind: fcn, " + model +
                           "}\ntraining: {steps: 10}\ngrid: {c: [1, 2, 4, 8], seeds: 4}\n" + more,
                       "timed.yaml");
}

Cohort cohort_of(Study const& study, Space space = Space::cuda, int nets = 16) {
    return make_cohorts(study, {60000, 784, 10}, space, Precision::single, {nets, std::size_t{1} << 38}).at(0);
}

TEST(Cost, ModelsAreKnownByNameAndByWhatTheDriverCallsThem) {
    ASSERT_NE(device_model("h200"), nullptr);
    EXPECT_EQ(device_model("h200")->title, "H200");
    EXPECT_EQ(device_model("H200"), nullptr);
    EXPECT_EQ(device_model("cuda"), nullptr);
    EXPECT_EQ(device_model_of("NVIDIA A100-SXM4-80GB"), device_model("a100"));
    EXPECT_EQ(device_model_of("NVIDIA H100 80GB HBM3"), device_model("h100"));
    EXPECT_EQ(device_model_of("NVIDIA L4"), device_model("l4"));
    EXPECT_EQ(device_model_of("NVIDIA L40S"), nullptr);
    EXPECT_EQ(device_model_of("NVIDIA A10"), nullptr);
}

// The flops are those that the plan counts, whatever the processor.
TEST(Cost, FlopsAreThoseOfTheCohort) {
    for (std::string const sharpness : {"", "sharpness: {examples: 4000}\n", "sharpness: {iterate: tf32}\n",
                                        "sharpness: {protocol: published}\n"}) {
        SCOPED_TRACE(sharpness);
        auto const study = study_of("depth: 4, width: 32", sharpness);
        auto const cohort = cohort_of(study, Space::cpu, 4);
        Processor core;
        core.flops = core.inner_flops = core.bandwidth = core.vector_bandwidth = 1e10;
        auto const step = cost_of_step(study, cohort, core, 1, 1, 1);
        EXPECT_NEAR(10 * step.flops / cohort.flops, 1, 2e-3);  // columns of L are whole numbers here
        EXPECT_NEAR(cost_of_step(study, cohort, core, 4, 1, 1).flops / step.flops, 4, 1e-9);
        EXPECT_LT(cost_of_step(study, cohort, core, 1, 1, 0).flops, 0.9 * step.flops);
    }
}

TEST(Cost, ACoreOfTwiceTheSpeedTakesHalfTheTime) {
    auto const study = study_of("depth: 4, width: 32");
    auto const cohort = cohort_of(study, Space::cpu, 4);
    Processor slow;
    slow.flops = 5e10, slow.inner_flops = 4e10, slow.bandwidth = slow.vector_bandwidth = 1e10, slow.columns = 16;
    auto fast = slow;
    fast.flops *= 2, fast.inner_flops *= 2, fast.bandwidth *= 2, fast.vector_bandwidth *= 2;
    EXPECT_NEAR(cost_of_cohort(study, cohort, slow) / cost_of_cohort(study, cohort, fast), 2, 1e-9);
}

TEST(Cost, ADeviceComputesLargeNetworksAtItsRateAndSmallOnesByLaunches) {
    auto const& gpu = device_model("a100")->processor;
    auto const wide = study_of("depth: 8, width: 2048"), narrow = study_of("depth: 8, width: 16");
    auto const of = [&](Study const& study, int nets) { return cost_of_step(study, cohort_of(study), gpu, nets, 4, 1); };
    auto const float32 = of(wide, 16), tf32 = of(study_of("depth: 8, width: 2048", "sharpness: {iterate: tf32}\n"), 16);
    EXPECT_GT(float32.seconds, float32.flops / gpu.flops);
    EXPECT_LT(float32.seconds, 1.2 * float32.flops / gpu.flops);
    EXPECT_LT(tf32.seconds, 0.65 * float32.seconds);
    EXPECT_GT(tf32.seconds, float32.seconds / 8);  // training, and the last product, stay in float
    EXPECT_GT(tf32.launches, float32.launches);            // of which there is one more
    EXPECT_LT(tf32.launches, 1.25 * static_cast<double>(float32.launches));
    auto const one = of(narrow, 1), many = of(narrow, 64);
    EXPECT_GT(static_cast<double>(one.launches) * gpu.launch, 0.35 * one.seconds);
    EXPECT_LT(many.seconds, 8 * one.seconds);
}

// Steps without a measurement cost no product, also where a slice computes products of all its networks.
TEST(Cost, RareMeasurementsCostAsManyProductsAsThereAre) {
    auto const& gpu = device_model("h200")->processor;
    auto const beside_training = [&](int every) {
        auto const study = study_of("depth: 4, width: 16", "sharpness: {every: " + std::to_string(every) + "}\n");
        auto const cohort = cohort_of(study);
        double const training = study.steps * cost_of_step(study, cohort, gpu, 16, 4, 0).seconds;
        return cost_of_cohort(study, cohort, gpu) - training;
    };
    double const initial = beside_training(1000);  // λ₀ alone
    EXPECT_GT(initial, 0);
    EXPECT_NEAR((beside_training(5) - initial) / (beside_training(1) - initial), 0.2, 0.05);
}

// Milliseconds of a product of 512 examples that bench-device measured (bench/RESULTS.md); 0: it did not.
TEST(Cost, ProductsTakeWhatAnH200Took) {
    struct Row {
        int depth, width, nets;
        double fused, layers, tf32;
    };
    for (Row const& r : {Row{2, 16, 256, 0.178, 0.244, 0.171}, {4, 16, 256, 0.271, 0.458, 0.343}, {8, 16, 256, 0.509, 0.883, 0.680},
                         {2, 32, 256, 0.302, 0.370, 0.234}, {4, 32, 256, 0.548, 0.666, 0.459}, {8, 32, 256, 1.204, 1.264, 0.915},
                         {2, 64, 256, 0.555, 0.624, 0.320}, {4, 64, 256, 1.512, 1.254, 0.762}, {8, 64, 256, 3.314, 2.519, 1.640},
                         {4, 128, 256, 0, 2.795, 1.392}, {2, 16, 1024, 0.706, 0, 0}, {4, 64, 512, 0, 2.358, 0},
                         {8, 256, 256, 0, 17.63, 0}, {8, 512, 128, 0, 29.63, 0}, {8, 1024, 32, 0, 27.24, 0}, {8, 2048, 8, 0, 26.16, 0}}) {
        SCOPED_TRACE(testing::Message() << "d " << r.depth << ", w " << r.width << ", N " << r.nets);
        FcnSpec spec;
        spec.depth = r.depth;
        spec.width = r.width;
        auto const model = build_fcn(spec);
        auto const expect = [&](double measured, bool fused, bool tensor) {
            if (measured == 0) return;
            auto const cost = cost_of_product(model, device_model("h200")->processor, r.nets, 512, fused, tensor);
            EXPECT_NEAR(1e3 * cost.seconds / measured, 1, 0.15) << (fused ? "fused" : "layers") << (tensor ? ", tf32" : "");
        };
        expect(r.fused, true, false);
        expect(r.layers, false, false);
        expect(r.tf32, false, true);
    }
}

TEST(Cost, FusedProductsSaveLaunchesAndBytes) {
    auto const& gpu = *device_model("h200");
    auto const study = study_of("depth: 8, width: 16");
    auto const layers = cohort_of(study);
    auto there = layers;
    there.device = gpu.title;
    for (int const nets : {1, 16, 256}) {
        auto const a = cost_of_product(layers.model, gpu.processor, nets, 512, false),
                   b = cost_of_product(layers.model, gpu.processor, nets, 512, true);
        EXPECT_NEAR(a.flops, b.flops, 1e-9 * a.flops);
        EXPECT_LT(b.bytes, 0.65 * a.bytes);
        EXPECT_LT(b.seconds, 0.8 * a.seconds);
        EXPECT_EQ(a.launches - b.launches, 7 * 8 + 2 - 2);  // 8 of a later layer, 2 elementwise ones of the first
        EXPECT_LT(cost_of_step(study, there, gpu.processor, nets, 1, 1).seconds,
                  cost_of_step(study, layers, gpu.processor, nets, 1, 1).seconds);
    }
    // Deeper networks keep more, so that fewer warps fit, or none.
    for (auto const& device : device_models())
        for (int depth = 2; depth < 16; ++depth)
            EXPECT_GE(widest_fused(device, depth), widest_fused(device, depth + 1)) << device.name;
}

// The launches of training with batches of s seeds: those of narrow networks are one batch of joined products.
TEST(Cost, SeedsAddLaunchesWhereTheFirstLayerIsNotJoined) {
    auto const& gpu = device_model("h200")->processor;
    auto const launches = [&](std::string const& model, int nets, int seeds) {
        auto const study = study_of(model);
        return cost_of_step(study, cohort_of(study), gpu, nets, seeds, 0).launches;
    };
    for (std::string const model : {"depth: 2, width: 16", "depth: 2, width: 32"}) {
        EXPECT_EQ(launches(model, 64, 1), launches(model, 64, 64)) << model;
        EXPECT_EQ(launches(model, 1, 1), launches(model, 64, 8)) << model;
    }
    std::string const wide = "depth: 2, width: 33";
    EXPECT_EQ(launches(wide, 64, 64) - launches(wide, 64, 1), 2 * 63);
    // Columns are joined and split around three matmuls: of training, forward and backward, and of the evaluation.
    EXPECT_EQ(launches("depth: 2, width: 32", 64, 1) - launches(wide, 64, 1), 3 * 2);
}

TEST(Cost, OfThisMachineIsPositive) {
    for (int const width : {1, 16, 200}) {
        auto const core = measure_core(width);
        EXPECT_GT(core.flops, 1e6);
        EXPECT_GT(core.inner_flops, 1e6);
        EXPECT_GT(core.bandwidth, 1e6);
        EXPECT_GT(core.vector_bandwidth, 1e6);
        EXPECT_TRUE(core.is_core());
    }
}

}  // namespace
}  // namespace sg::test
