// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/dataset.hpp"
#include "tests/host/idx_bytes.hpp"
#include "tests/host/temporary.hpp"

namespace sg {
namespace {

using test::Environment;
using test::gzipped;
using test::idx_bytes;

constexpr char const* images_name = "train-images-idx3-ubyte";
constexpr char const* labels_name = "train-labels-idx1-ubyte";

std::string refusal(DataSpec const& spec) {
    try {
        load_dataset(spec);
    } catch (DataError const& error) {
        return error.what();
    }
    return "";
}

void expect_has(std::string const& message, std::string const& part) {
    EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in " << message;
}

// Three images of 2 x 2, the second constant, and their labels.
class DatasetTest : public testing::Test {
protected:
    std::string images_ = idx_bytes({3, 2, 2}, std::string("\0\4\0\4\7\7\7\7\1\2\3\xff", 12));
    std::string labels_ = idx_bytes({3}, std::string("\0\x09\5", 3));
    test::TemporaryFolder folder_;
    DataSpec spec_{.set = "mnist", .directory = folder_.path()};
};

TEST_F(DatasetTest, StandardisesEachImageByItself) {
    folder_.write(images_name, images_);
    folder_.write(std::string(labels_name) + ".gz", gzipped(labels_));
    Dataset const data = load_dataset(spec_);
    EXPECT_EQ(data.name, "mnist");
    EXPECT_EQ(data.examples, 3);
    EXPECT_EQ(data.inputs, 4);
    EXPECT_EQ(data.classes, 10);
    EXPECT_EQ(data.labels, (std::vector<std::int32_t>{0, 9, 5}));
    EXPECT_EQ(data.mean, (std::vector<double>{2, 7, 261.0 / 4}));
    EXPECT_EQ(data.inverse_deviation[0], 0.5);
    EXPECT_EQ(data.inverse_deviation[1], 0) << "a constant image must not divide by zero";
    double variance = 0;
    for (double const pixel : {1.0, 2.0, 3.0, 255.0}) variance += std::pow(pixel - 65.25, 2) / 4;
    EXPECT_NEAR(data.inverse_deviation[2], 1 / std::sqrt(variance), 1e-15);
    EXPECT_TRUE(data.values.empty());
    EXPECT_GE(data.bytes(), 3 * (4 + 8 + 8 + 4U));
    DatasetShape const shape = dataset_shape(spec_);
    EXPECT_EQ(shape.examples, 3);
    EXPECT_EQ(shape.inputs, 4);
    EXPECT_EQ(shape.classes, 10);
}

TEST_F(DatasetTest, DigestIsThatOfTheContent) {
    folder_.write(images_name, images_);
    folder_.write(labels_name, labels_);
    std::string const digest = load_dataset(spec_).sha256;
    EXPECT_EQ(digest.size(), 64U);
    folder_.write(images_name, gzipped(images_));
    EXPECT_EQ(load_dataset(spec_).sha256, digest);
    labels_.back() = 6;
    folder_.write(labels_name, labels_);
    EXPECT_NE(load_dataset(spec_).sha256, digest);
}

TEST_F(DatasetTest, RefusesWhatDoesNotAgree) {
    folder_.write(images_name, images_);
    folder_.write(labels_name, idx_bytes({2}, std::string("\0\1", 2)));
    expect_has(refusal(spec_), "has 3 images, but ");
    EXPECT_THROW(dataset_shape(spec_), DataError);
    folder_.write(labels_name, idx_bytes({3}, std::string("\0\1\x0a", 3)));
    expect_has(refusal(spec_), "label 10 of example 2 (must be from 0 to 9)");
    folder_.write(labels_name, labels_);
    folder_.write(images_name, idx_bytes({3, 4}, std::string(12, '\1')));
    expect_has(refusal(spec_), "rank 2 (must be 3)");
    EXPECT_THROW(dataset_shape(spec_), DataError);
}

TEST_F(DatasetTest, MissingFilesSayWhereWasLookedAndWhatToInstall) {
    Environment const data("SHARPGRID_DATA", folder_.path("data").c_str());
    Environment const home("HOME", folder_.path("home").c_str());
    spec_.directory.clear();
    std::string message = refusal(spec_);
    expect_has(message, "the data set mnist was not found: no train-images-idx3-ubyte[.gz]");
    for (std::string const& place : {folder_.path("data/mnist"), folder_.path("home/.cache"),
                                     std::string("/usr/share/datasets/mnist")})
        expect_has(message, place);
    EXPECT_EQ(message.find("apt-get"), std::string::npos);
    EXPECT_THROW(dataset_shape(spec_), DataError);
    spec_ = {.set = "fashion-mnist", .directory = folder_.path()};
    folder_.write(images_name, images_);
    message = refusal(spec_);
    expect_has(message, "apt-get install dataset-fashion-mnist");
    expect_has(message, folder_.path() + " (labels missing)");
}

TEST_F(DatasetTest, LooksInItsPlacesInTurn) {
    Environment const data("SHARPGRID_DATA", folder_.path("data").c_str());
    Environment const home("HOME", folder_.path("home").c_str());
    spec_.directory.clear();
    folder_.write("home/.cache/sharpgrid/mnist/" + std::string(images_name), images_);
    folder_.write("home/.cache/sharpgrid/mnist/" + std::string(labels_name), labels_);
    if (std::filesystem::exists("/usr/share/datasets/mnist")) GTEST_SKIP() << "mnist is installed";
    EXPECT_EQ(dataset_shape(spec_).examples, 3);
    // the labels are missing here, so that this place is passed over
    folder_.write("data/mnist/" + std::string(images_name), idx_bytes({1, 2, 2}, "abcd"));
    EXPECT_EQ(dataset_shape(spec_).examples, 3);
    folder_.write("data/mnist/" + std::string(labels_name), idx_bytes({1}, "\1"));
    EXPECT_EQ(dataset_shape(spec_).examples, 1);
}

TEST(SyntheticTest, IsNormalAndLearnable) {
    DataSpec const spec{.set = "synthetic",
                        .directory = "",
                        .examples = 5001,
                        .inputs = 7,
                        .classes = 3,
                        .seed = 11};
    Dataset const data = load_dataset(spec);
    ASSERT_EQ(data.values.size(), 5001U * 7);
    ASSERT_EQ(data.labels.size(), 5001U);
    EXPECT_TRUE(data.pixels.empty());
    EXPECT_TRUE(data.mean.empty());
    double sum = 0, squares = 0, fourth = 0, neighbours = 0;
    for (std::size_t i = 0; i < data.values.size(); ++i) {
        double const x = data.values[i];
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        if (i > 0) neighbours += x * double{data.values[i - 1]};
    }
    auto const n = static_cast<double>(data.values.size());
    EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2 / n));
    EXPECT_NEAR(fourth / n, 3, 5 * std::sqrt(96 / n));
    EXPECT_NEAR(neighbours / n, 0, 5 / std::sqrt(n));
    EXPECT_EQ(std::set<std::int32_t>(data.labels.begin(), data.labels.end()).size(), 3U);
    DatasetShape const shape = dataset_shape(spec);
    EXPECT_EQ(shape.examples, 5001);
    EXPECT_EQ(shape.inputs, 7);
    EXPECT_EQ(shape.classes, 3);
}

// Labels come from a linear map, so the class means of the inputs must separate the classes.
TEST(SyntheticTest, LabelsFollowALinearTeacher) {
    Dataset const data = load_dataset(
        {.set = "synthetic", .directory = "", .examples = 4000, .inputs = 5, .classes = 2});
    std::vector<double> difference(5);
    for (std::size_t i = 0; i < 4000; ++i)
        for (std::size_t j = 0; j < 5; ++j)
            difference[j] += data.labels[i] ? data.values[i * 5 + j] : -data.values[i * 5 + j];
    int right = 0;
    for (std::size_t i = 0; i < 4000; ++i) {
        double score = 0;
        for (std::size_t j = 0; j < 5; ++j) score += difference[j] * data.values[i * 5 + j];
        right += (score > 0) == (data.labels[i] == 1) ? 1 : 0;
    }
    EXPECT_GT(right, 3800);
}

TEST(SyntheticTest, ExamplesDependOnSeedAndIndexAlone) {
    DataSpec spec{
        .set = "synthetic", .directory = "", .examples = 100, .inputs = 3, .classes = 4, .seed = 1};
    Dataset const data = load_dataset(spec);
    EXPECT_EQ(load_dataset(spec).sha256, data.sha256);
    spec.examples = 37;
    Dataset const fewer = load_dataset(spec);
    EXPECT_TRUE(std::equal(fewer.values.begin(), fewer.values.end(), data.values.begin()));
    EXPECT_TRUE(std::equal(fewer.labels.begin(), fewer.labels.end(), data.labels.begin()));
    spec.seed = 1ULL << 32U;  // the upper half of the seed counts too
    Dataset const other = load_dataset(spec);
    spec.seed = 0;
    EXPECT_NE(other.values, load_dataset(spec).values);
    EXPECT_NE(other.values, fewer.values);
}

// Figures of the package dataset-fashion-mnist 0.0~git20200523.55506a9-1, computed with Python.
TEST(FashionMnistTest, IsWhatItShouldBe) {
    DataSpec const spec;
    if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
        GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
    Environment const data_unset("SHARPGRID_DATA", nullptr);
    Dataset const data = load_dataset(spec);
    EXPECT_EQ(data.examples, 60000);
    EXPECT_EQ(data.inputs, 784);
    EXPECT_EQ(dataset_shape(spec).examples, 60000);
    std::vector<int> per_class(10);
    for (std::int32_t const label : data.labels) ++per_class[static_cast<std::size_t>(label)];
    EXPECT_EQ(per_class, std::vector<int>(10, 6000));
    EXPECT_NEAR(data.mean[0], 97.25382653061224, 1e-12);
    EXPECT_NEAR(1 / data.inverse_deviation[0], 101.79234620324725, 1e-12);
    EXPECT_NEAR(data.mean[59999], 21.28061224489796, 1e-12);
    EXPECT_EQ(data.sha256, "dedb8bb7c953ed18344c0b42564906890a26343c4329d74989d48be8d153d952");
    EXPECT_LT(data.bytes(), 49'000'000U);
}

}  // namespace
}  // namespace sg
