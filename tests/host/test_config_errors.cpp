// SPDX-License-Identifier: MIT
// Studies that are wrong: every message with its place, and all of them at once.
#include <gtest/gtest.h>

#include "tests/host/config_message.hpp"

namespace sg {
namespace {

using test::expect_has;
using test::message_of;

constexpr char const* good = test::good_study;

std::string with(std::string const& override) { return message_of(good, {override}); }

std::string model(std::string const& keys) {
    return message_of("study: s\nmodel: {" + keys + "}\ngrid: {c: 1}\n");
}

TEST(ConfigErrors, UnknownKeyShowsPlaceCaretAndSuggestion) {
    EXPECT_EQ(model("depth: 2, width: 16, actvation: tanh"),
              "s.yaml:2:30: model.actvation is not a key of model (kind, depth, width, activation, "
              "last_layer, output_scale, output_exponent, parameterization, kappa, r). Did you "
              "mean \"activation\"?\n"
              "    2 | model: {depth: 2, width: 16, actvation: tanh}\n"
              "      |                              ^");
}

TEST(ConfigErrors, UnknownKeys) {
    expect_has(message_of(std::string(good) + "sharpnes: {}\n"),
               "s.yaml:4:1: sharpnes is not a key of a study (study, data, model, training, grid, "
               "sharpness, output). Did you mean \"sharpness\"?");
    expect_has(message_of(std::string(good) + "width: 3\n"), "Did you mean \"model.width\"?");
    expect_has(message_of(std::string(good) + "training:\n  batches: 3\n"),
               "s.yaml:5:3: training.batches is not a key of training (loss, batch, steps, "
               "momentum, barrier). Did you mean \"batch\"?");
    std::string const far = message_of(std::string(good) + "zzz: 3\n");
    expect_has(far, "s.yaml:4:1: zzz is not a key");
    EXPECT_EQ(far.find("Did you mean"), std::string::npos);
    expect_has(message_of(std::string(good) + "? [a, b]\n: 3\n"), "s.yaml:4:3: this is not a key");
    expect_has(message_of(std::string(good) + "<<: {}\n"), "s.yaml:4:1: << is not a key");
}

TEST(ConfigErrors, RepeatedKeys) {
    expect_has(model("depth: 2, width: 16, depth: 3"),
               "s.yaml:2:30: model.depth is given twice (first in line 2)");
    expect_has(message_of(std::string(good) + "grid: {c: 2}\n"),
               "s.yaml:4:1: grid is given twice (first in line 3)");
}

TEST(ConfigErrors, MissingKeys) {
    expect_has(model("width: 16"), "s.yaml:2:1: model.depth is missing");
    expect_has(model(""), "model.depth is missing");
    std::string const all = message_of("data: {}\n");
    for (char const* key : {"study", "model.depth", "model.width", "grid.c"})
        expect_has(all, std::string(key) + " is missing");
    expect_has(with("grid.c={log2_min: 0, step: 1}"), "grid.c.log2_max is missing");
}

TEST(ConfigErrors, NumbersAndTheirNotation) {
    struct {
        char const* override;
        char const* message;
    } const cases[]{
        {"model.depth=0", "model.depth = 0 (must be an integer from 1 to 1000)"},
        {"model.width=-3", "model.width = -3 (must be"},
        {"model.width=010", "model.width = 010 has a leading zero"},
        {"model.width=-01", "model.width = -01 has a leading zero"},
        {"model.width=0x10", "model.width = 0x10 is not a number"},
        {"model.width=16.0", "model.width = 16.0 (must be an integer"},
        {"model.width=16px", "model.width = 16px is not a number"},
        {"model.width=1_000", "model.width = 1_000 is not a number"},
        {"model.width='16'", "model.width = \"16\" is text in quotes"},
        {"model.width={a: 1}", "model.width is a mapping (must be an integer"},
        {"model.width=[[1]]", "model.width is a list (must be an integer"},
        {"model.width=", "model.width has no value"},
        {"model.width=[]", "model.width is an empty list"},
        {"model.width=[16, 8, 16]", "model.width has 16 twice"},
        {"model.width=99999999999999999999", "model.width = 99999999999999999999 (must be"},
        {"training.batch=0",
         "training.batch = 0 (must be an integer from 1 to 1000000000, or full)"},
        {"training.batch=[full, full]", "training.batch has full twice"},
        {"training.steps=0", "training.steps = 0 (must be"},
        {"training.steps=[1, 2]", "training.steps is a list"},
        {"training.momentum=1",
         "training.momentum = 1 (must be a finite number of at least 0 and "
         "below 1)"},
        {"training.momentum=-0.1", "training.momentum = -0.1 (must be"},
        {"sharpness.examples=0", "sharpness.examples = 0 (must be"},
        {"sharpness.every=0", "sharpness.every = 0 (must be"},
        {"sharpness.at=11", "sharpness.at = 11 (must be an integer from 0 to 10)"},
        {"sharpness.at=[-1]", "sharpness.at = -1 (must be"},
        {"sharpness={at: 1, every: 2}", "sharpness.at and sharpness.every exclude each other"},
        {"sharpness.tolerance=1",
         "sharpness.tolerance = 1 (must be a finite number above 0 and "
         "below 1)"},
        {"sharpness.tolerance=0", "sharpness.tolerance = 0 (must be"},
        {"sharpness.c_sharp_margin=-1", "sharpness.c_sharp_margin = -1 (must be"},
        {"grid.c=0", "grid.c = 0 (must be a finite number above 0)"},
        {"grid.c=[1, -2]", "grid.c = -2 (must be"},
        {"grid.c=.nan", "grid.c = .nan is not finite"},
        {"grid.c=-.INF", "grid.c = -.INF is not finite"},
        {"grid.c=1e999", "grid.c = 1e999 does not fit a double"},
        {"grid.c=[1, 1.0]", "grid.c has 1.0 twice"},
        {"grid.c=01.5", "grid.c = 01.5 has a leading zero"},
        {"grid.c=1.5.2", "grid.c = 1.5.2 is not a number"},
        {"grid.c=1e", "grid.c = 1e is not a number"},
        {"grid.c=.", "grid.c = . is not a number"},
        {"grid.seeds=0", "grid.seeds = 0 (must be"},
        {"grid.seeds=[1, -1]", "grid.seeds = -1 (must be"},
        {"grid.seeds=[1, 1]", "grid.seeds has 1 twice"},
        {"grid.c={log2_min: 2, log2_max: 1, step: 1}",
         "grid.c.log2_max = 1 is below grid.c.log2_min"},
        {"grid.c={log2_min: 0, log2_max: 1, step: 0}", "grid.c.step = 0 (must be"},
        {"grid.c={search: true, log2_max: 7}", "grid.c.log2_min is missing"},
        {"grid.c={search: true, log2_min: 1, log2_max: 1}", "grid.c.log2_max = 1 (must be above grid.c.log2_min = 1)"},
        {"grid.c={search: true, log2_min: 0, log2_max: 1, resolution: 0}",
         "grid.c.resolution = 0 (must be"},
        {"grid.c={search: maybe, log2_min: 0, log2_max: 1, step: 1}", "grid.c.search"},
        {"grid.c={log2_min: 0, log2_max: 1, step: 1, resolution: 0.1}",
         "grid.c.resolution belongs to a search"},
        {"training.barrier=2", "training.barrier"},
        {"grid.c={log2_min: 0, log2_max: 1e4, step: 1}", "grid.c.log2_max = 1e4 (must be"}};
    for (auto const& [override, message] : cases) {
        SCOPED_TRACE(override);
        expect_has(with(override), std::string("--set: ") + message);
    }
}

TEST(ConfigErrors, WordsAndTexts) {
    expect_has(
        with("model.activation=Rleu"),
        "model.activation = Rleu (must be one of relu, tanh, linear). Did you mean \"relu\"?");
    expect_has(with("model.kind=rezNet"), "model.kind = rezNet (must be one of fcn, uv)");
    expect_has(with("model.kind=[fcn]"), "model.kind is a list (must be one of fcn, uv)");
    expect_has(with("data.set=fashion_mnist"), "Did you mean \"fashion-mnist\"?");
    expect_has(with("study=a/b"), "study = a/b (must be");
    expect_has(with("study=.x"), "study = .x (must be");
    expect_has(with("study=''"), "study is empty");
    expect_has(with("study=[a]"), "study is a list");
    expect_has(with("output.file="), "output.file has no value");
    expect_has(with("output=x.h5"), "output = x.h5 (must be a mapping)");
    expect_has(message_of(std::string(good) + "output:\n"), "s.yaml:4:1: output has no value");
}

TEST(ConfigErrors, WhatDoesNotExistYetIsRefusedByName) {
    for (char const* kind : {"cnn", "resnet"})
        expect_has(with(std::string("model.kind=") + kind),
                   std::string("model.kind: ") + kind + " is not available yet; use one of fcn, uv");
    expect_has(
        with("data.set=cifar-10"),
        "data.set: cifar-10 is not available yet; use one of fashion-mnist, mnist, synthetic");
}

TEST(ConfigErrors, WhatContradictsThePublishedProtocolIsRefused) {
    EXPECT_EQ(with("sharpness.protocol=published"), "");
    expect_has(with("sharpness.protocol=publisht"),
               "sharpness.protocol = publisht (must be one of fixed, published). Did you mean \"published\"?");
    struct {
        char const* override;
        char const* message;
    } const cases[]{
        {"sharpness.method=lanczos", "sharpness.method must be power with protocol published; leave it out"},
        {"sharpness.method=exact", "sharpness.method must be power with protocol published"},
        {"sharpness.iterations=21", "sharpness.iterations must be 20 with protocol published"},
        {"sharpness.spectrum={steps: 0, top: 1}", "sharpness.spectrum needs the same examples at every step"},
        {"sharpness.examples=512", "sharpness.examples must be 4096 (those of λ₀; all where the data set has fewer)"},
        {"training.batch=[64, full]", "training.batch: full has no mini-batch that could be set aside"}};
    for (auto const& [override, message] : cases)
        expect_has(message_of(good, {"sharpness.protocol=published", override}), message);
    EXPECT_EQ(message_of(good, {"sharpness={protocol: published, method: power, iterations: 20, examples: 4096, every: 2}"}), "");
    EXPECT_EQ(message_of(good, {"sharpness.protocol=published", "data={set: synthetic, examples: 600}"}), "");
    expect_has(message_of("study: s\nmodel: {kind: uv, width: 64}\ngrid: {c: 1}\n", {"sharpness.protocol=published"}),
               "sharpness.protocol must be fixed for kind uv");
}

TEST(ConfigErrors, Tf32IsForLanczos) {
    expect_has(with("sharpness.iterate=true"), "sharpness.iterate = true (must be one of float, tf32)");
    EXPECT_EQ(with("sharpness.iterate=tf32"), "");
    EXPECT_EQ(with("sharpness={method: lanczos, protocol: fixed, iterate: tf32, spectrum: {steps: 0, top: 1}}"), "");
    for (char const* method : {"power", "exact"}) {
        expect_has(with(std::string("sharpness={iterate: tf32, method: ") + method + "}"),
                   std::string("--set: sharpness.iterate = tf32 is for method lanczos, which ends with a product in float, "
                               "not for method ") + method + "; leave it out");
        EXPECT_EQ(with(std::string("sharpness={iterate: float, method: ") + method + "}"), "");
    }
    expect_has(with("sharpness={iterate: tf32, protocol: published}"), "not for protocol published; leave it out");
}

TEST(ConfigErrors, SettingsThatExcludeEachOther) {
    for (char const* parameterization : {"ntk", "mup", "[standard, ntk]"})
        expect_has(model(std::string("depth: 2, width: 4, last_layer: [zero, scaled], "
                                     "parameterization: ") +
                         parameterization),
                   "s.yaml:2:41: model.last_layer: scaled needs parameterization standard");
    expect_has(model("depth: 2, width: 4, parameterization: mup, output_exponent: [0, 0.5]"),
               "s.yaml:2:69: model.output_exponent must be 0 with parameterization mup");
    EXPECT_EQ(model("depth: 2, width: 4, parameterization: mup, output_exponent: 0"), "");
    EXPECT_EQ(model("depth: 2, width: 4, parameterization: ntk, output_exponent: 1"), "");
    expect_has(with("data.examples=5"), "data.examples has no meaning for set fashion-mnist");
    expect_has(with("data={set: synthetic, directory: d}"),
               "data.directory has no meaning for set synthetic");
    EXPECT_EQ(with("data={set: synthetic, examples: 600}"), "");
    expect_has(message_of(good, {"data={set: synthetic, examples: 100}", "sharpness.examples=101",
                                 "training.batch=[8, 102]"}),
               "sharpness.examples = 101 is more than data.examples = 100");
    expect_has(with("data={set: synthetic, examples: 100}"),
               "training.batch = 512 is more than data.examples = 100");
    expect_has(with("data={set: synthetic, examples: 1000000, inputs: 100000}"), "at most 4e9");
}

// What the solvable model has of its own cannot be chosen, and what it alone has is refused elsewhere.
TEST(ConfigErrors, TheSolvableModelHasOneExampleAndOneShape) {
    constexpr char const* uv = "study: s\nmodel: {kind: uv, width: 64}\ngrid: {c: 1}\n";
    EXPECT_EQ(message_of(uv), "");
    struct {
        char const* override;
        char const* message;
    } const cases[]{
        {"data.set=mnist", "--set: data has no meaning for kind uv, whose one example is x = 1"},
        {"model.depth=3", "model.depth must be 2 for kind uv; leave it out"},
        {"model.depth=[2, 3]", "model.depth must be 2 for kind uv"},
        {"model.activation=relu", "model.activation must be linear for kind uv; leave it out"},
        {"model.activation=[linear, tanh]", "model.activation must be linear for kind uv"},
        {"model.last_layer=zero", "model.last_layer must be standard for kind uv"},
        {"model.output_scale=2", "model.output_scale must be 1 for kind uv"},
        {"model.output_exponent=1", "model.output_exponent must be 0 for kind uv"},
        {"model.parameterization=mup", "model.parameterization must be ntk for kind uv"},
        {"training.loss=cross_entropy", "training.loss must be mse for kind uv"},
        {"training.batch=512", "training.batch must be full for kind uv"},
        {"sharpness.examples=512", "sharpness.examples must be 1 for kind uv"},
        {"model.kappa=1", "model.kappa and model.r belong together"},
        {"model.r=0.01", "model.kappa and model.r belong together"},
        {"model.r=0.3", "model.r = 0.3 (must be a finite number above 0 and of at most 0.25)"},
        {"model.r=0", "model.r = 0 (must be a finite number above 0"},
        {"model.kappa=0", "model.kappa = 0 (must be a finite number above 0)"}};
    for (auto const& [override, message] : cases) {
        SCOPED_TRACE(override);
        expect_has(message_of(uv, {override}), message);
    }
    EXPECT_EQ(message_of(uv, {"model.depth=2", "model.activation=linear", "training.loss=mse",
                              "training.batch=full", "model.parameterization=ntk",
                              "sharpness.examples=1", "training.momentum=[0, 0.9]",
                              "model.kappa=[1, 2]", "model.r=[0.01, 0.25]"}),
              "");
    expect_has(with("model.kappa=1"), "--set: model.kappa has no meaning for kind fcn");
    expect_has(with("model.r=0.01"), "--set: model.r has no meaning for kind fcn");
}

TEST(ConfigErrors, HugeGridsAreRefusedBeforeTheyAreLaidOut) {
    expect_has(with("grid.c={log2_min: -1000, log2_max: 1000, step: 1e-6}"),
               "--set: the grid has 2e+09 networks (must be at most 1e+07)");
    expect_has(with("grid.seeds=9000000000000000000"), "the grid has 9e+18 networks");
    std::string hundred = "[1";
    for (int i = 2; i <= 100; ++i) hundred += ", " + std::to_string(i);
    hundred += "]";
    expect_has(message_of(good, {"model.depth=" + hundred, "model.width=" + hundred,
                                 "model.output_scale=" + hundred, "training.batch=" + hundred}),
               "the grid has 1e+08 networks");
}

TEST(ConfigErrors, AllAtOnceInTheOrderOfTheFile) {
    std::string const message = message_of(
        "grid: {c: [1, -1], seeds: 00}\n"
        "model: {depth: 0, widht: 3}\n"
        "output: {fil: 3}\n"
        "study: s\n",
        {"training.steps=no"});
    std::size_t from = 0;
    for (char const* part :
         {"s.yaml:1:15: grid.c = -1", "s.yaml:1:27: grid.seeds = 00", "s.yaml:2:1: model.width is",
          "s.yaml:2:16: model.depth = 0", "s.yaml:2:19: model.widht is not",
          "s.yaml:3:10: output.fil", "--set: training.steps = no"}) {
        std::size_t const at = message.find(part, from);
        ASSERT_NE(at, std::string::npos) << part << " is not there, or not in its order:\n"
                                         << message;
        from = at + 1;
    }
    std::string many = "[";
    for (int i = 0; i < 1000; ++i) many += "-1, ";
    expect_has(with("grid.c=" + many + "1]"), "... and 950 more");
}

TEST(ConfigErrors, Overrides) {
    EXPECT_EQ(
        with("model.widht=3"),
        "--set: model.widht is not a key of model (kind, depth, width, activation, last_layer, "
        "output_scale, output_exponent, parameterization, kappa, r). Did you mean \"width\"?\n"
        "      | model.widht=3\n"
        "      |       ^");
    for (char const* bad : {"", "=", "model.width", "=3", ".a=3", "a.=3", "model..width=3"})
        expect_has(with(bad),
                   "--set: \"" + std::string(bad) + "\" is not of the form key.path=value");
    expect_has(with("model.width=[1"), "--set: this is not YAML");
    expect_has(with("model.width.x=1"), "--set: model.width is a mapping");
    expect_has(with("nothing.at.all=1"), "--set: nothing is not a key of a study");
}

}  // namespace
}  // namespace sg
