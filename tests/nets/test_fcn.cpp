// SPDX-License-Identifier: MIT
#include "cuda/nets/model.hpp"
#include "tests/support/cohort.hpp"

namespace sg::test {
namespace {

// Every combination that the design admits; α and s differ from what leaves them out.
std::vector<FcnSpec> specs() {
    std::vector<FcnSpec> all;
    for (auto const p : {Parameterization::standard, Parameterization::ntk, Parameterization::mup})
        for (auto const last : {LastLayer::standard, LastLayer::zero, LastLayer::scaled})
            for (auto const activation : {Activation::relu, Activation::tanh, Activation::linear})
                for (double const scale : {1.0, 2.5})
                    for (double const exponent : {0.0, 0.3}) {
                        auto spec = fcn(3, 7, 5, 4, activation);
                        spec.parameterization = p;
                        spec.last_layer = last;
                        spec.output_scale = scale;
                        spec.output_exponent = exponent;
                        bool const defined =
                            (last != LastLayer::scaled || p == Parameterization::standard) &&
                            (exponent == 0 || p != Parameterization::mup);
                        if (defined) all.push_back(spec);
                    }
    return all;
}

TEST(Fcn, EveryVariantIsThatOfTheOracle) {
    ASSERT_EQ(specs().size(), 72u);
    for (auto spec : specs())
        for (int const depth : {1, 2, 4}) {
            spec.depth = depth;
            auto const model = build_fcn(spec);
            ASSERT_EQ(model.layers.size(), static_cast<std::size_t>(depth));
            EXPECT_EQ(model.params(), static_cast<std::int64_t>(oracle::parameter_count(spec)));
            EXPECT_EQ(model.inputs, 5);
            EXPECT_EQ(model.classes, 4);
            EXPECT_EQ(model.relu, spec.activation == Activation::relu && depth > 1);
            for (int l = 0; l < depth; ++l) {
                auto const& tensor = model.tensors[l];
                auto const& layer = std::get<Dense>(model.layers[static_cast<std::size_t>(l)]);
                EXPECT_EQ(tensor.fan_in, oracle::fan_in(spec, l));
                EXPECT_EQ(tensor.fan_out, oracle::fan_out(spec, l));
                EXPECT_EQ(tensor.offset, static_cast<std::int64_t>(oracle::layer_offset(spec, l)));
                EXPECT_EQ(layer.offset, tensor.offset);
                EXPECT_NEAR(tensor.deviation, std::sqrt(oracle::init_variance(spec, l)), 1e-15);
                EXPECT_NEAR(layer.multiplier, oracle::layer_multiplier(spec, l), 1e-15);
                EXPECT_EQ(layer.activation, l + 1 < depth ? spec.activation : Activation::linear);
                EXPECT_EQ(layer.bends(), l + 1 < depth && spec.activation == Activation::tanh);
            }
        }
}

TEST(Fcn, WhatIsNotDefinedIsTheUsersConcern) {
    auto spec = fcn(3, 7, 5, 4);
    spec.parameterization = Parameterization::ntk;
    spec.last_layer = LastLayer::scaled;
    EXPECT_THROW(build_fcn(spec), UserError);
    spec.parameterization = Parameterization::mup;
    EXPECT_THROW(build_fcn(spec), UserError);
    spec.last_layer = LastLayer::standard;
    EXPECT_NO_THROW(build_fcn(spec));
    spec.output_exponent = 0.5;
    EXPECT_THROW(build_fcn(spec), UserError);
    for (auto const& empty : {fcn(0, 7, 5, 4), fcn(3, 0, 5, 4), fcn(3, 7, 0, 4), fcn(3, 7, 5, 0)})
        EXPECT_THROW(build_fcn(empty), UserError);
}

TEST(Fcn, FlopsAreCountedByHand) {
    auto const model = build_fcn(fcn(3, 10, 5, 2));  // 50, 100 and 20 weights
    EXPECT_EQ(forward_flops(model, 7), 2 * 7 * 170);
    EXPECT_EQ(gradient_flops(model, 7), 2 * 7 * (2 * 50 + 3 * 120));
    EXPECT_EQ(product_flops(model, 7), 2 * 7 * (2 * 50 + 6 * 120));
    EXPECT_EQ(model.units(), 22);
    EXPECT_EQ(model.units(2), 2);
}

TEST(Fcn, ChunksDependOnTheShapeAndTheKindOfDeviceAlone) {
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 16, 784, 10)), Space::cpu, 100000), 512);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 128, 784, 10)), Space::cpu, 100000), 256);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 2048, 784, 10)), Space::cpu, 100000), 128);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(1, 2048, 784, 10)), Space::cpu, 100000), 512);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 16, 784, 10)), Space::cpu, 37), 37);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 16, 784, 10)), Space::cuda, 100000), 4096);
    EXPECT_EQ(chunk_examples(build_fcn(fcn(3, 16, 784, 10)), Space::cuda, 60), 60);
}

}  // namespace
}  // namespace sg::test
