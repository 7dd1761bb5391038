// SPDX-License-Identifier: MIT
#include "host/continuation.hpp"

#include <gtest/gtest.h>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

Study study(std::vector<std::string> const& overrides = {}) {
    return parse_study(
        "study: small\n"
        "data: {set: synthetic}\n"
        "model: {kind: fcn, depth: 2, width: 16, activation: [relu, tanh]}\n"
        "training: {steps: 4, momentum: [0, 0.9]}\n"
        "grid: {c: [1, 2, 4, 8, 16, 32, 64, 128], seeds: 1}\n",
        "test", overrides);
}

TEST(Continuation, AStudyMayOnlyGrow) {
    Study const before = study();
    auto const differ = [&](std::string const& change) {
        return differing_keys(before, study({change}));
    };
    EXPECT_TRUE(differing_keys(before, before).empty());
    for (char const* grown : {"grid.seeds=3", "model.depth=[2, 4]", "model.width=[8, 16, 32]",
                              "grid.c={log2_min: -1, log2_max: 7, step: 0.5}", "grid.seeds=[0, 7]"})
        EXPECT_TRUE(differ(grown).empty()) << grown;
    for (char const* changed :
         {"study=other", "grid.seeds=[1, 2]", "model.depth=3", "model.width=[8, 32]",
          "grid.c=[1, 2]", "training.steps=5", "training.loss=cross_entropy",
          "model.activation=relu", "sharpness.tolerance=1e-3", "sharpness.iterate=tf32", "data.examples=5000",
          "training.momentum=[0, 0.5, 0.9]"}) {
        std::string const key = std::string(changed).substr(0, std::string(changed).find('='));
        ASSERT_EQ(differ(changed).size(), 1U) << changed;
        EXPECT_EQ(differ(changed)[0].rfind(key + " is ", 0), 0U) << differ(changed)[0];
    }
    EXPECT_EQ(differ("training.steps=5")[0], "training.steps is 4 in the file, 5 in the study");
}

class TakeUp : public testing::Test {
protected:
    void write(Study const& of, std::string const& shard = "1/1") {
        OutputLock const lock(path_);
        Provenance from;
        from.precision = "float";
        from.data_sha256 = "d1";
        from.shard = shard;
        Store store(lock, of, from);
        Trajectory row = test::network(2);
        row.swept = {0, 0};
        store.append({row}, {});
        store.close(StudyState::complete);
    }
    std::string refusal(Study const& now, std::string const& precision = "float",
                        Shard const& shard = {}) {
        try {
            take_up(path_, now, precision, shard);
        } catch (UserError const& error) {
            return error.what();
        }
        return "";
    }
    void expect_refusal(std::string const& message, std::string const& part) {
        EXPECT_NE(message.find(part), std::string::npos) << message;
        EXPECT_NE(message.find("--overwrite"), std::string::npos) << message;
    }

    test::TemporaryFolder const folder_;
    std::string const path_ = folder_.path("run.h5");
};

TEST_F(TakeUp, TakesNothingFromNothing) {
    EXPECT_TRUE(take_up(path_, study(), "float", {}).rows.empty());
}

TEST_F(TakeUp, TakesTheRowsOfTheSameStudyAndOfASmallerOne) {
    write(study());
    EXPECT_EQ(take_up(path_, study(), "float", {}).rows.size(), 1U);
    EXPECT_EQ(take_up(path_, study({"grid.seeds=4"}), "float", {}).rows.size(), 1U);
}

TEST_F(TakeUp, SaysWhatDiffers) {
    write(study());
    expect_refusal(refusal(study({"training.steps=5", "training.batch=8"})),
                   "training.batch is 512");
    expect_refusal(refusal(study({"training.steps=5", "training.batch=8"})), "training.steps is 4");
    expect_refusal(refusal(study(), "double"), "--precision is float in the file, double now");
    expect_refusal(refusal(study(), "float", {2, 3}), "--shard is 1/1 in the file, 2/3 now");
    StoredStudy kept = read_store(path_);
    Dataset data;
    data.sha256 = "d1";
    check_data(path_, kept, data);
    data.sha256 = "d2";
    EXPECT_THROW(check_data(path_, kept, data), UserError);
}

TEST_F(TakeUp, AShardDoesNotGrow) {
    write(study(), "2/3");
    EXPECT_EQ(refusal(study(), "float", {2, 3}), "");
    expect_refusal(refusal(study({"grid.seeds=2"}), "float", {2, 3}), "merge them");
}

TEST_F(TakeUp, SweptKeysKeepTheirOrder) {
    Study turned = study();
    std::swap(turned.swept[0], turned.swept[1]);
    write(turned);
    expect_refusal(refusal(study()), "the order of the swept keys is momentum activation");
}

TEST_F(TakeUp, RefusesWhatIsNotOurs) {
    folder_.write("run.h5", "Dear reader");
    expect_refusal(refusal(study()), "not an output of sharpgrid");
}

}  // namespace
}  // namespace sg
