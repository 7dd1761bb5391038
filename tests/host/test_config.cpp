// SPDX-License-Identifier: MIT
// Studies that are right: what is read from them, and that equal studies have equal digests.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "tests/host/temporary.hpp"

namespace sg {
namespace {

constexpr char const* minimal = "study: tiny\nmodel: {depth: 2, width: 16}\ngrid: {c: 1}\n";

Study study_of(std::string const& text, std::vector<std::string> const& overrides = {}) {
    return parse_study(text, "s.yaml", overrides);
}

Study with(std::vector<std::string> const& overrides) { return study_of(minimal, overrides); }

TEST(Config, DefaultsAreThoseOfTheDesign) {
    Study const study = study_of(minimal);
    EXPECT_EQ(study.name, "tiny");
    EXPECT_EQ(study.data.set, "fashion-mnist");
    EXPECT_EQ(study.model, "fcn");
    EXPECT_EQ(study.depth, std::vector<int>{2});
    EXPECT_EQ(study.width, std::vector<int>{16});
    EXPECT_EQ(study.seeds, std::vector<std::uint64_t>{0});
    EXPECT_EQ(study.c, std::vector<double>{1});
    EXPECT_EQ(study.steps, 10);
    EXPECT_TRUE(study.swept.empty());
    ASSERT_EQ(study.variants.size(), 1U);
    EXPECT_EQ(study.variants[0].batch, 512);
    EXPECT_EQ(study.variants[0].loss, Loss::mse);
    EXPECT_TRUE(study.variants[0].swept.empty());
    EXPECT_EQ(study.sharpness.method, SharpnessMethod::lanczos);
    EXPECT_EQ(study.sharpness.examples, 512);
    EXPECT_DOUBLE_EQ(study.sharpness.tolerance, 5e-4);
    EXPECT_LT(study.sharpness.c_sharp_margin, 0);
    EXPECT_FALSE(study.tf32());
    EXPECT_EQ(study.output_file, "tiny.h5");
    EXPECT_EQ(study.yaml_given, minimal);
    EXPECT_EQ(study.digest.size(), 64U);
}

TEST(Config, EveryKeyIsRead) {
    Study const study = study_of(R"(
study: all keys
data: {set: synthetic, examples: 64, inputs: 5, classes: 3, seed: 9}
model: {kind: fcn, depth: [3], width: 8, activation: tanh, last_layer: zero, output_scale: 0.5,
        output_exponent: -0.25, parameterization: ntk}
training: {loss: cross_entropy, batch: full, steps: 20, momentum: 0.9}
grid: {c: [4, 0.5, 2e0], seeds: [7, 3]}
sharpness: {method: power, tolerance: 1e-3, examples: 32, iterations: 5, at: [20, 4],
            protocol: fixed, c_sharp_margin: 0.1}
output: {file: out/x.h5}
)");
    EXPECT_EQ(study.data.examples, 64);
    EXPECT_EQ(study.data.inputs, 5);
    EXPECT_EQ(study.data.classes, 3);
    EXPECT_EQ(study.data.seed, 9U);
    Variant const& variant = study.variants.at(0);
    EXPECT_EQ(variant.activation, Activation::tanh);
    EXPECT_EQ(variant.last_layer, LastLayer::zero);
    EXPECT_EQ(variant.parameterization, Parameterization::ntk);
    EXPECT_EQ(variant.output_scale, 0.5);
    EXPECT_EQ(variant.output_exponent, -0.25);
    EXPECT_EQ(variant.loss, Loss::cross_entropy);
    EXPECT_EQ(variant.batch, 0);
    EXPECT_EQ(variant.momentum, 0.9);
    EXPECT_EQ(study.steps, 20);
    EXPECT_EQ(study.c, (std::vector<double>{0.5, 2, 4}));
    EXPECT_EQ(study.seeds, (std::vector<std::uint64_t>{3, 7}));
    EXPECT_EQ(study.sharpness.method, SharpnessMethod::power);
    EXPECT_EQ(study.sharpness.iterations, 5);
    EXPECT_EQ(study.sharpness.at, (std::vector<int>{0, 4, 20}));
    EXPECT_EQ(study.sharpness.c_sharp_margin, 0.1);
    EXPECT_EQ(study.output_file, "out/x.h5");
}

TEST(Config, ListsAreSweptInTheOrderOfTheFile) {
    Study const study = study_of(
        "training: {batch: [full, 64], momentum: [0.9]}\n"
        "study: s\n"
        "grid: {c: [1]}\n"
        "model: {activation: [linear, tanh], depth: [4, 2], width: 8, last_layer: [zero]}\n",
        {"model.output_scale=[2, 1]"});
    EXPECT_EQ(study.depth, (std::vector<int>{2, 4}));
    ASSERT_EQ(study.swept.size(), 3U) << "lists of one are not swept, depth is not a swept key";
    EXPECT_EQ(study.swept[0].name, "batch");
    EXPECT_EQ(study.swept[1].name, "activation");
    EXPECT_EQ(study.swept[2].name, "output_scale");
    EXPECT_TRUE(study.swept[0].words.empty());
    EXPECT_EQ(study.swept[1].words, (std::vector<std::string>{"relu", "tanh", "linear"}));
    ASSERT_EQ(study.variants.size(), 8U);
    // values ascend, the last key is the fastest
    std::vector<double> const first{0, 1, 1}, second{0, 1, 2}, third{0, 2, 1}, last{64, 2, 2};
    EXPECT_EQ(study.variants[0].swept, first);
    EXPECT_EQ(study.variants[1].swept, second);
    EXPECT_EQ(study.variants[2].swept, third);
    EXPECT_EQ(study.variants[7].swept, last);
    EXPECT_EQ(study.variants[7].activation, Activation::linear);
    EXPECT_EQ(study.variants[7].batch, 64);
    EXPECT_EQ(study.variants[7].last_layer, LastLayer::zero);
    EXPECT_EQ(study.variants[7].momentum, 0.9);
}

TEST(Config, RangeOfCIncludesBothEnds) {
    Study const study = with({"grid.c={log2_min: 0, log2_max: 7, step: 0.25}"});
    ASSERT_EQ(study.c.size(), 29U);
    EXPECT_EQ(study.c.front(), 1);
    EXPECT_EQ(study.c[4], 2);
    EXPECT_EQ(study.c.back(), 128);
    // 0.1 is no binary fraction: 0.3 must still be reached
    EXPECT_EQ(with({"grid.c={log2_min: 0, log2_max: 0.3, step: 0.1}"}).c.size(), 4U);
    Study const search = with({"grid.c={search: true, log2_min: 0, log2_max: 3, step: 1}"});
    EXPECT_EQ(search.c, (std::vector<double>{1, 2, 4, 8}));
    EXPECT_EQ(search.search.value().resolution, 0.02);
    EXPECT_FALSE(search.measured_at(3));  // but for those that the search has to see
    EXPECT_TRUE(with({"grid.c={search: true, log2_min: 0, log2_max: 3}", "sharpness.every=3"})
                    .measured_at(3));
    EXPECT_FALSE(with({"grid.c={search: false, log2_min: 0, log2_max: 3, step: 1}"}).search);
    EXPECT_EQ(with({"grid.c={log2_min: -2, log2_max: -2, step: 1}"}).c, std::vector<double>{0.25});
    EXPECT_EQ(with({"grid.c={log2_min: 0, log2_max: 1, step: 0.3}"}).c.size(), 4U);
    EXPECT_TRUE(std::isfinite(with({"grid.c={log2_min: 999, log2_max: 1e3, step: 1}"}).c.back()));
}

TEST(Config, MeasuredAt) {
    Study study = with({"sharpness.every=3"});
    EXPECT_TRUE(study.measured_at(0));
    EXPECT_FALSE(study.measured_at(1));
    EXPECT_TRUE(study.measured_at(3));
    EXPECT_TRUE(study.measured_at(9));
    EXPECT_FALSE(study.measured_at(10));
    EXPECT_EQ(study.measurements(10), 3);
    study = with({"sharpness.at=[10, 2]"});
    EXPECT_EQ(study.measurements(1), 0);
    EXPECT_EQ(study.measurements(2), 1);
    EXPECT_EQ(study.measurements(10), 2);
    EXPECT_TRUE(study.measured_at(0));
    EXPECT_FALSE(study.measured_at(1));
    EXPECT_TRUE(study.measured_at(2));
    EXPECT_TRUE(study.measured_at(10));
    EXPECT_THROW(study.measured_at(-1), InternalError);
}

TEST(Config, LongRunsAuditSomeSteps) {
    EXPECT_FALSE(with({"training.steps=63"}).audits_some_steps());
    EXPECT_TRUE(with({"training.steps=64"}).audits_some_steps());
    EXPECT_FALSE(with({"training.steps=127", "sharpness.every=2"}).audits_some_steps());
    EXPECT_TRUE(with({"training.steps=128", "sharpness.every=2"}).audits_some_steps());
    EXPECT_FALSE(with({"training.steps=128", "sharpness.at=[1, 128]"}).audits_some_steps());
    EXPECT_TRUE(with({"training.steps=64", "grid.c={search: true, log2_min: 0, log2_max: 3}"}).audits_some_steps());
}

TEST(Config, DigestDoesNotDependOnNotation) {
    std::string const digest = study_of(minimal).digest;
    EXPECT_EQ(study_of("grid:\n  c: [1.0]\n  seeds: [0]\nmodel:\n  width: [16]\n  depth: [2]\n"
                       "  activation: relu\nstudy: \"tiny\"\nsharpness: {tolerance: 0.0005}\n"
                       "output: {file: elsewhere.h5}\n")
                  .digest,
              digest);
    EXPECT_EQ(
        study_of("study: &name tiny\nmodel: {depth: &d 2, width: 16}\ngrid: {c: 10e-1}\n").digest,
        digest);
    EXPECT_EQ(with({"grid.c=[4, 1, 2]", "grid.seeds=3", "model.depth=[4, 2]"}).digest,
              with({"grid.c={log2_min: 0, log2_max: 2, step: 1}", "grid.seeds=[2, 0, 1]",
                    "model.depth=[2, 4]"})
                  .digest);
    EXPECT_EQ(with({"grid.c={log2_min: 0, log2_max: 1, step: 0.05}"}).c.back(), 2);
    EXPECT_EQ(with({"sharpness.at=[0, 5]"}).digest, with({"sharpness.at=5"}).digest);
    EXPECT_EQ(with({"model.output_exponent=-0.0"}).digest, digest);
    EXPECT_EQ(with({"model.activation=[tanh, relu]", "training.batch=[9, full]"}).digest,
              with({"training.batch=[full, 9]", "model.activation=[relu, tanh]"}).digest);
}

TEST(Config, DigestDependsOnEveryKeyButTheOutput) {
    std::vector<std::string> digests{study_of(minimal).digest};
    for (char const* change : {"study=other",
                               "data.set=mnist",
                               "data.directory=d",
                               "data.set=synthetic",
                               "model.depth=3",
                               "model.width=17",
                               "model.activation=tanh",
                               "model.last_layer=zero",
                               "model.output_scale=2",
                               "model.output_exponent=0.5",
                               "model.parameterization=ntk",
                               "training.loss=cross_entropy",
                               "training.batch=full",
                               "training.steps=11",
                               "training.momentum=0.5",
                               "grid.c=2",
                               "grid.c=1.0000000000000002",
                               "grid.seeds=2",
                               "grid.seeds=[1]",
                               "sharpness.method=exact",
                               "sharpness.tolerance=0.02",
                               "sharpness.examples=513",
                               "sharpness.iterations=21",
                               "sharpness.iterate=tf32",
                               "sharpness.every=2",
                               "sharpness.at=[1]",
                               "sharpness.c_sharp_margin=0",
                               "sharpness.c_sharp_margin=0.05"})
        digests.push_back(with({change}).digest);
    std::sort(digests.begin(), digests.end());
    EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
    EXPECT_EQ(with({"output.file=b.h5"}).digest, study_of(minimal).digest);
    EXPECT_EQ(with({"sharpness.c_sharp_margin=auto"}).digest, study_of(minimal).digest);
}

TEST(Config, ResolvedTextReadsBackAsTheSameStudy) {
    std::vector<std::vector<std::string>> const changes{
        {},
        {"study='a \"quoted\\name\" é'", "data.directory=/some/where"},
        {"data={set: synthetic, seed: 5}", "sharpness.at=[3, 1]", "grid.seeds=[5, 2]"},
        {"model.activation=[relu, tanh]", "training.batch=[full, 8]", "training.momentum=[0, 0.3]"},
        {"grid.c={log2_min: -3.3, log2_max: 60, step: 0.37}", "sharpness.c_sharp_margin=1e-7"},
        {"grid.c={search: true, log2_min: -1, log2_max: 6, resolution: 0.1}", "training.barrier=true"},
        {"grid.c={search: true, log2_min: 0, log2_max: 1}", "sharpness.every=2"},
        {"sharpness={iterate: tf32, every: 3}"}};
    for (auto const& change : changes) {
        Study const study = with(change);
        EXPECT_EQ(study_of(study.yaml_resolved).yaml_resolved, study.yaml_resolved);
    }
}

// Files of older studies go on: what they do not have is not written where it is not used.
TEST(Config, AStudyInFloatSaysNothingOfIt) {
    EXPECT_EQ(with({"sharpness.iterate=float"}).digest, study_of(minimal).digest);
    EXPECT_EQ(study_of(minimal).yaml_resolved.find("iterate"), std::string::npos);
    Study const tensor = with({"sharpness.iterate=tf32"});
    EXPECT_TRUE(tensor.tf32());
    EXPECT_NE(tensor.yaml_resolved.find("iterate: tf32, every: 1"), std::string::npos) << tensor.yaml_resolved;
    EXPECT_TRUE(study_of(tensor.yaml_resolved).tf32());
}

TEST(Config, TheSolvableModelNeedsItsWidthAlone) {
    constexpr char const* text = "study: s\nmodel: {kind: uv, width: [64, 8]}\ngrid: {c: 1}\n";
    Study const drawn = study_of(text);
    EXPECT_EQ(drawn.model, "uv");
    EXPECT_EQ(drawn.depth, std::vector<int>{2});
    EXPECT_EQ(drawn.data.set, uv_set);
    EXPECT_EQ(drawn.sharpness.examples, 1);
    ASSERT_EQ(drawn.variants.size(), 1U);
    EXPECT_EQ(drawn.variants[0].activation, Activation::linear);
    EXPECT_EQ(drawn.variants[0].parameterization, Parameterization::ntk);
    EXPECT_EQ(drawn.variants[0].batch, 0);
    EXPECT_EQ(drawn.variants[0].kappa, 0);
    Study const fixed = study_of(text, {"model.kappa=1", "model.r=[0.1, 0.01]"});
    ASSERT_EQ(fixed.swept.size(), 1U);
    EXPECT_EQ(fixed.swept[0].name, "r");
    ASSERT_EQ(fixed.variants.size(), 2U);
    EXPECT_EQ(fixed.variants[0].kappa, 1);
    EXPECT_EQ(fixed.variants[0].r, 0.01);
    EXPECT_EQ(fixed.variants[1].r, 0.1);
    EXPECT_NE(fixed.digest, drawn.digest);
    EXPECT_NE(study_of(text, {"model.kappa=2", "model.r=[0.1, 0.01]"}).digest, fixed.digest);
    for (Study const& study : {drawn, fixed}) {
        EXPECT_EQ(study.yaml_resolved.find("data"), std::string::npos) << study.yaml_resolved;
        EXPECT_EQ(study_of(study.yaml_resolved).yaml_resolved, study.yaml_resolved);
    }
    EXPECT_EQ(study_of(minimal).yaml_resolved.find("kappa"), std::string::npos);
}

TEST(Config, OverridesReplaceAndAdd) {
    EXPECT_EQ(with({"training.steps=3"}).steps, 3);
    EXPECT_EQ(with({"training.steps=3", "training.steps=4"}).steps, 4);
    EXPECT_EQ(with({"model.width=[8, 4]"}).width, (std::vector<int>{4, 8}));
    EXPECT_EQ(with({"study=a=b"}).name, "a=b");
    // a map takes the place of the scalar `c: 1`
    EXPECT_EQ(with({"grid.c.log2_min=1", "grid.c.log2_max=2", "grid.c.step=1"}).c,
              (std::vector<double>{2, 4}));
    // what the file has wrong does not matter once it is replaced
    EXPECT_EQ(study_of("study: s\nmodel: {depth: x, width: 1}\ngrid: {c: 1}\n", {"model.depth=3"})
                  .depth.at(0),
              3);
}

TEST(Config, AliasesMarksAndLineEndsAreUnderstood) {
    Study const study = study_of(
        "\xEF\xBB\xBFstudy: s\r\nmodel: {depth: &sizes [2, 4], width: *sizes}\r\n"
        "grid: {c: 1}\r\n...\n");
    EXPECT_EQ(study.width, (std::vector<int>{2, 4}));
}

TEST(Config, ReadsTheStudiesOfTheRepository) {
    test::TemporaryFolder const folder;
    std::string const path = folder.write("a b.yaml", minimal);
    EXPECT_EQ(read_study(path).digest, study_of(minimal).digest);
    EXPECT_EQ(read_study(path, {"training.steps=2"}).steps, 2);
    std::string const configs = std::string(SG_SOURCE_DIR) + "/configs/";
    Study const quick = read_study(configs + "quickstart.yaml");
    EXPECT_EQ(quick.depth.size() * quick.width.size() * quick.seeds.size(), 36U);
    EXPECT_EQ(quick.search.value().resolution, 0.05);
    EXPECT_EQ(quick.c.size(), 15U);  // its coarse grid
    EXPECT_EQ(quick.output_file, "quickstart.h5");
    Study const zero = read_study(configs + "zero_last_layer.yaml");
    EXPECT_EQ(zero.variants.at(0).last_layer, LastLayer::zero);
    Study const uv = read_study(configs + "uv.yaml");
    EXPECT_EQ(uv.c.size(), 2201U);
    EXPECT_EQ(uv.variants.at(0).r, 0.01);
}

TEST(Config, ThePublishedProtocolSetsWhatItFixes) {
    Study const study = with({"sharpness.protocol=published"});
    EXPECT_EQ(study.sharpness.method, SharpnessMethod::power);
    EXPECT_EQ(study.sharpness.iterations, 20);
    EXPECT_EQ(study.loss_examples(60000), 60000);
    EXPECT_EQ(study.sharpness_0_examples(60000), 4096);
    EXPECT_EQ(study.sharpness_0_examples(100), 100);
    EXPECT_NE(study.digest, with({"sharpness.method=power", "sharpness.examples=4096"}).digest);
    EXPECT_EQ(study_of(study.yaml_resolved).yaml_resolved, study.yaml_resolved);
    EXPECT_EQ(study.measured_on(100).substr(0, 70),
              "loss: the whole training set, 100 examples; sharpness_0: 100 of them; ");
    Study const fixed = with({"sharpness.examples=64"});
    EXPECT_EQ(fixed.loss_examples(60000), 64);
    EXPECT_EQ(fixed.sharpness_0_examples(60000), 64);
    EXPECT_EQ(fixed.measured_on(60000),
              "loss and sharpness: the same 64 examples at every step");
}

}  // namespace
}  // namespace sg
