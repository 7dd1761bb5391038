// SPDX-License-Identifier: MIT
// What fuzzing found, mended: the kept inputs of tests/fuzz/corpus, and what needs more than a
// small file.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/continuation.hpp"
#include "host/hdf5.hpp"
#include "host/store_merge.hpp"
#include "host/store_write.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

namespace fs = std::filesystem;

struct Target {
    char const* name;
    void (*run)(fuzz::Bytes);
};
void PrintTo(Target const& target, std::ostream* out) { *out << target.name; }

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, HoldsNoFinding) {
    auto const level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);
    int inputs = 0;
    for (auto const& entry :
         fs::directory_iterator(fs::path(SG_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name)) {
        std::ifstream in(entry.path(), std::ios::binary);
        std::vector<std::uint8_t> const bytes{std::istreambuf_iterator<char>(in), {}};
        EXPECT_NO_THROW(GetParam().run(bytes)) << entry.path();
        ++inputs;
    }
    EXPECT_GT(inputs, 10);
    spdlog::set_level(level);
}

INSTANTIATE_TEST_SUITE_P(, FuzzCorpus,
                         testing::Values(Target{"checkpoint", fuzz::checkpoint}, Target{"config", fuzz::config}, Target{"idx", fuzz::idx},
                                         Target{"store", fuzz::store}),
                         [](auto const& of) { return of.param.name; });

std::string const model = "\nmodel: {depth: 2, width: [16, 100000]}\n";

// The message of the UserError; "" when the study was read.
std::string refusal(std::string const& text, std::vector<std::string> const& overrides = {}) {
    try {
        parse_study(text, "study.yaml", overrides);
    } catch (UserError const& error) {
        return error.what();
    }
    return "";
}

void expect_part(std::string const& message, std::string const& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message.substr(0, 1000);
}

TEST(FuzzFindings, LargeIntegersResolveToIntegers) {
    Study const study = parse_study("study: a\ndata: {set: synthetic, examples: 200000}" + model +
                                        "training: {batch: 100000}\ngrid: {c: 1e300}\n",
                                    "study.yaml");
    expect_part(study.yaml_resolved, "width: [16, 100000]");
    expect_part(study.yaml_resolved, "batch: 100000");
    EXPECT_EQ(parse_study(study.yaml_resolved, "resolved").digest, study.digest);
}

TEST(FuzzFindings, GridsThatNoFileCanNameAreRefused) {
    std::string const head = "study: a\nmodel: {depth: 1, width: 1, output_scale: [";
    expect_part(refusal("study: a\nmodel: {depth: 1, width: 1}\n"
                        "grid: {c: {log2_min: 0, log2_max: 9, step: 1e-6}}\n"),
                "values of c (must be at most 1e+05)");
    std::string levels = "1";
    for (int k = 2; k <= 400; ++k) levels += ", " + std::to_string(k);
    expect_part(refusal(head + levels + "], output_exponent: [" + levels + "]}\ngrid: {c: 1}\n"),
                "settings of swept keys (must be at most 1e+05)");
}

TEST(FuzzFindings, NamesAreText) {
    for (char const* name : {"\\x07", "a\\0b", "\\e[31m"})
        expect_part(refusal("study: \"" + std::string(name) + "\"" + model + "grid: {c: 1}\n"),
                    "line of text");
}

TEST(FuzzFindings, AliasesOfLongTextsAreCounted) {
    std::string text = "a: &a \"" + std::string(200'000, 'x') + "\"\nb: [1";
    for (int k = 0; k < 100'000; ++k) text += ",*a";
    expect_part(refusal(text + "]\n"), "more than 500000 values");
}

TEST(FuzzFindings, WhatIsWrongEverywhereEndsEarly) {
    std::string many, deep = "a";
    for (int k = 0; k < 5000; ++k) many += "k" + std::to_string(k) + ": 1\n";
    for (int k = 0; k < 50'000; ++k) deep += ".a";
    expect_part(refusal(many), "more at least");
    expect_part(refusal(",study:"), "documents in one file");  // yaml-cpp finds them without end
    expect_part(refusal("study: a" + model + "grid: {c: 1}\n", {deep + "=1"}), "not of the form");
}

class FuzzFindingsStore : public testing::Test {
protected:
    // A closed file with a right checksum, whatever its rows are.
    void write(FileHead const& head, std::vector<Trajectory> const& rows) {
        write_closed(path_, {head, rows, test::no_margin(rows), StudyState::complete, {}, 0});
    }
    FileHead head() {
        FileHead head = head_of(study_, {}, "2026-01-01T00:00:00Z");
        head.precision = "float";
        return head;
    }
    std::string unreadable() {
        try {
            read_store(path_);
        } catch (DataError const& error) {
            return error.what();
        }
        return "";
    }
    std::string not_taken_up() {
        try {
            take_up(path_, study_, "float", {});
        } catch (UserError const& error) {
            return error.what();
        }
        return "";
    }

    test::TemporaryFolder const folder_;
    std::string const path_ = folder_.path("study.h5");
    Study const study_ = parse_study(
        "study: a\nmodel: {depth: 2, width: 16}\ntraining: {steps: 4}\ngrid: {c: [1, 2]}\n",
        "study.yaml");
};

TEST_F(FuzzFindingsStore, NoNetworkIsThereTwice) {
    write(head(), {test::network(1), test::network(1)});
    expect_part(unreadable(), "a network twice");
}

TEST_F(FuzzFindingsStore, SweptKeysAreThoseOfTheEngine) {
    Trajectory row = test::network(1);
    row.swept = {0};
    for (SweptKey const& key : {SweptKey{"../x", {}}, SweptKey{"activation", {"tanh", "relu"}}}) {
        FileHead changed = head();
        changed.swept = {key};
        if (key.name == "../x") {
            EXPECT_THROW(write(changed, {row}), ResourceError);  // nor is it a name of a variable
            continue;
        }
        write(changed, {row});
        expect_part(unreadable(), "does not know");
    }
}

TEST_F(FuzzFindingsStore, TitlesAreText) {
    FileHead changed = head();
    changed.title = "a\x1b[31m";
    write(changed, {test::network(1)});
    expect_part(unreadable(), "not text");
}

TEST_F(FuzzFindingsStore, RowsBelongToTheStudyOfTheFile) {
    write(head(), {test::network(1), test::network(2)});
    EXPECT_EQ(not_taken_up(), "");
    write(head(), {test::network(1), test::network(1.5)});
    expect_part(not_taken_up(), "not of its study");
    EXPECT_THROW(merged({path_}), DataError);
    Trajectory other = test::network(2);
    other.depth = 9;
    write(head(), {test::network(1), other});
    expect_part(not_taken_up(), "not of its study");
}

TEST_F(FuzzFindingsStore, LengthsAreThoseOfTheStudy) {
    FileHead shorter = head();
    shorter.steps = 2;
    Trajectory row = test::network(1);
    for (auto* values :
         {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness, &row.sharpness_residual})
        values->resize(3);
    row.sharpness_products.resize(3);
    row.sharpness_status.resize(3);
    write(shorter, {row});
    expect_part(not_taken_up(), "not as long as its study says");
}

// Cells without number in a text of a few bytes: a message names the first twenty.
TEST_F(FuzzFindingsStore, MissingCellsAreNotKept) {
    FileHead vast = head();
    vast.yaml_resolved =
        "study: a\nmodel: {depth: 2, width: 16}\ntraining: {steps: 4}\n"
        "grid: {c: [1], seeds: 100000}\n";
    write(vast, {test::network(1)});
    try {
        merged({path_});
        FAIL();
    } catch (DataError const& error) {
        expect_part(error.what(), "and 99979 more");
    }
}

TEST_F(FuzzFindingsStore, OlderFormatsAreRefused) {
    write(head(), {test::network(1)});
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8).put('\0');
    file.close();
    expect_part(unreadable(), "another version");
}

}  // namespace
}  // namespace sg
