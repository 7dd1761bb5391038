// SPDX-License-Identifier: MIT
// The reader of reference files, and the oracle against the figures in them.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/compare.hpp"
#include "tests/support/fashion_mnist.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::oracle {
namespace {

std::filesystem::path const folder = std::filesystem::path(SG_SOURCE_DIR) / "tests/reference";

Reference reference(std::string const& name) {
    return read_reference((folder / (name + ".h5")).string());
}

double norm(Vec const& a) {
    double sum = 0;
    for (double const x : a) sum += x * x;
    return std::sqrt(sum);
}

// The README's measure for arrays: largest difference over largest entry.
double relative_difference(Vec const& a, Vec const& b) { return difference(a, b) / largest(b); }

std::string failure(std::string const& path) {
    try {
        read_reference(path);
    } catch (std::runtime_error const& error) {
        return error.what();
    }
    return "no failure";
}

TEST(ReferenceFile, EveryFileOfTheFolderReads) {
    int files = 0;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".h5") continue;
        ++files;
        Reference const r = read_reference(entry.path().string());
        EXPECT_EQ(r.runs, static_cast<int>(r.c.size())) << r.name;
        EXPECT_NEAR(norm(r.grad_step0), r.grad_norm_step0, 1e-12 * r.grad_norm_step0) << r.name;
        for (int run = 0; run < r.runs; ++run) {
            auto const i = static_cast<std::size_t>(run);
            EXPECT_DOUBLE_EQ(r.learning_rate[i] * r.at_step(r.sharpness, run, 0), r.c[i]) << r.name;
        }
    }
    EXPECT_EQ(files, 7);
}

TEST(ReferenceFile, SettingsAreThoseOfTheFile) {
    Reference const r = reference("relu_d4_w32_momentum");
    EXPECT_EQ(r.name, "relu_d4_w32_momentum");
    EXPECT_EQ(r.spec.depth, 4);
    EXPECT_EQ(r.spec.width, 32);
    EXPECT_EQ(r.momentum, 0.9);
    EXPECT_EQ(r.power_iterations, 20);
    EXPECT_EQ(r.words.at("dataset"), "fashion-mnist train");
    EXPECT_EQ(r.numbers.at("layer_sizes"), (Vec{784, 32, 32, 32, 10}));
    EXPECT_EQ(r.batch(9).size(), 128U);
    EXPECT_EQ(reference("relu_d6_w48_xent").loss_kind, Loss::cross_entropy);
}

TEST(ReferenceFile, AMalformedFileIsNamedWithItsFault) {
    EXPECT_NE(failure("/nowhere/x.h5").find("/nowhere/x.h5: missing"), std::string::npos);
    EXPECT_NE(failure((folder / "phase.csv").string()).find("not an HDF5"), std::string::npos);
    auto const cut = std::filesystem::path(testing::TempDir()) / "sharpgrid_truncated.h5";
    std::filesystem::copy_file(folder / "relu_d2_w16.h5", cut,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(cut, 300000);
    EXPECT_NE(failure(cut.string()).find("damaged"), std::string::npos);
    std::filesystem::remove(cut);
}

class OracleAgainstReference : public testing::Test {
protected:
    void SetUp() override {
        if (!images) GTEST_SKIP() << "Fashion-MNIST is not installed (dataset-fashion-mnist)";
    }
    static void SetUpTestSuite() { images = FashionMnist::open(); }
    static void TearDownTestSuite() { images.reset(); }

    static Examples measured(Reference const& r) { return images->rows(r.measure_indices); }

    static std::vector<Vec> trained(Reference const& r, int run, int steps) {
        std::vector<Examples> batches;
        for (int t = 0; t < steps; ++t) batches.push_back(images->rows(r.batch(t)));
        return train(r.net(), batches, r.loss_kind, r.learning_rate[static_cast<std::size_t>(run)],
                     r.momentum);
    }

    static inline std::optional<FashionMnist> images;
};

TEST_F(OracleAgainstReference, GradientAndHessianProductAgree) {
    for (std::string const name : {"relu_d2_w16", "relu_d6_w48_xent"}) {
        Reference const r = reference(name);
        Examples const m = measured(r);
        EXPECT_LE(relative_difference(gradient(r.net(), m, r.loss_kind), r.grad_step0), 1e-11);
        Vec const product = exact_Hv(r.net(), m, r.loss_kind, r.hvp_vector);
        EXPECT_LE(relative_difference(product, r.hvp_result), 1e-11) << name;
    }
}

TEST_F(OracleAgainstReference, LossAndSharpnessAgreeAtTheStartAndAfterOneStep) {
    Reference const r = reference("relu_d2_w16");
    Examples const m = measured(r);
    auto const expect = [&](Vec const& theta, int run, int step) {
        Net const net{r.spec, theta};
        double const L = r.at_step(r.loss, run, step), s = r.at_step(r.sharpness, run, step);
        EXPECT_NEAR(loss(net, m, r.loss_kind), L, 1e-12 * L);
        EXPECT_NEAR(power(net, m, r.loss_kind, r.power_start, r.power_iterations).sharpness, s,
                    1e-12 * s);
    };
    expect(r.init_weights, 0, 0);
    for (int const run : {0, r.runs - 1}) expect(trained(r, run, 1)[1], run, 1);
}

TEST_F(OracleAgainstReference, TrajectoriesOfLossAndAccuracyAgree) {
    for (std::string const name : {"relu_d2_w16", "relu_d4_w32_momentum"}) {
        Reference const r = reference(name);
        Examples const m = measured(r);
        int const run = r.runs - 1;
        std::vector<Vec> const rows = trained(r, run, r.steps);
        for (int t = 0; t <= r.steps; ++t) {
            Net const net{r.spec, rows[static_cast<std::size_t>(t)]};
            double const expected = r.at_step(r.loss, run, t);
            EXPECT_NEAR(loss(net, m, r.loss_kind), expected, r.tolerance(run) * expected) << name;
            EXPECT_EQ(accuracy(net, m), r.at_step(r.accuracy, run, t)) << name;
        }
    }
}

TEST_F(OracleAgainstReference, TopEigenvalueAgrees) {
    Reference const r = reference("relu_d2_w16");
    TopEigenpair const top = top_eigenvalue(r.net(), measured(r), r.loss_kind);
    EXPECT_TRUE(top.converged);
    EXPECT_NEAR(top.value, r.top_eigenvalue[0], 1e-9 * top.value);
}

}  // namespace
}  // namespace sg::oracle
