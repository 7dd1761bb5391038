// SPDX-License-Identifier: MIT
#include "host/shard.hpp"

#include <gtest/gtest.h>

#include <map>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

using Variables = std::map<std::string, std::string>;

ShardChoice choose(std::string const& option, Variables const& variables = {}) {
    return choose_shard(option, [&](char const* name) -> char const* {
        auto const found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

std::string refusal(std::string const& option, Variables const& variables = {}) {
    try {
        choose(option, variables);
    } catch (UserError const& error) {
        return error.what();
    }
    return "";
}

TEST(Shard, IsTheWholeStudyUnlessSomethingSaysOtherwise) {
    EXPECT_EQ(choose("").shard.text(), "1/1");
    EXPECT_EQ(choose("", {{"SLURM_JOB_ID", "7"}}).shard.text(), "1/1");
    EXPECT_EQ(choose("none", {{"PMI_RANK", "3"}, {"PMI_SIZE", "4"}}).shard.text(), "1/1");
}

TEST(Shard, IsWhatTheOptionSays) {
    EXPECT_EQ(choose("2/4").shard.text(), "2/4");
    EXPECT_EQ(choose("2/4", {{"PMI_RANK", "3"}, {"PMI_SIZE", "8"}}).shard.text(), "2/4");
    for (char const* wrong :
         {"0/4", "5/4", "1/0", "-1/4", "2", "/4", "2/", "two/4", "2/4/6", "auto"})
        EXPECT_NE(refusal(wrong), "") << wrong;
    EXPECT_NE(refusal("0/4").find("count from 1"), std::string::npos);
}

TEST(Shard, ComesFromAnArrayOfJobs) {
    Variables const array{{"SLURM_ARRAY_TASK_ID", "14"},
                          {"SLURM_ARRAY_TASK_MIN", "10"},
                          {"SLURM_ARRAY_TASK_COUNT", "6"}};
    EXPECT_EQ(choose("", array).shard.text(), "5/6");
    EXPECT_EQ(choose("", array).from, "SLURM_ARRAY_TASK_ID");
    Variables steps = array;
    steps["SLURM_ARRAY_TASK_STEP"] = "2";
    EXPECT_EQ(choose("", steps).shard.text(), "3/6");
    Variables both = array;  // each job of an array may have ranks of its own
    both["SLURM_PROCID"] = "0";
    both["SLURM_NTASKS"] = "2";
    EXPECT_EQ(choose("", both).shard.text(), "5/6");
    EXPECT_NE(refusal("", {{"SLURM_ARRAY_TASK_ID", "x"}}), "");
}

TEST(Shard, ComesFromAnIndexedJob) {
    Variables const job{{"JOB_COMPLETION_INDEX", "0"}};
    EXPECT_NE(refusal("", job).find("--shard auto/N"), std::string::npos);
    EXPECT_EQ(choose("auto/3", job).shard.text(), "1/3");
    EXPECT_EQ(choose("", {{"JOB_COMPLETION_INDEX", "2"}, {"JOB_COMPLETIONS", "3"}}).shard.text(),
              "3/3");
    EXPECT_NE(refusal("auto/3", {{"JOB_COMPLETION_INDEX", "3"}}), "");
    EXPECT_NE(refusal("auto/3").find("no variable"), std::string::npos);
}

TEST(Shard, ComesFromTheRanksOfALauncher) {
    EXPECT_EQ(
        choose("", {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}}).shard.text(),
        "2/4");
    EXPECT_EQ(choose("", {{"PMI_RANK", "1"}, {"PMI_SIZE", "4"}}).shard.text(), "2/4");
    EXPECT_EQ(choose("", {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "4"}}).shard.text(), "2/4");
    Variables step{{"SLURM_JOB_ID", "7"},
                   {"SLURM_STEP_ID", "0"},
                   {"SLURM_PROCID", "1"},
                   {"SLURM_STEP_NUM_TASKS", "2"},
                   {"SLURM_NTASKS", "4"}};
    EXPECT_EQ(choose("", step).shard.text(), "2/2");
    step.erase("SLURM_STEP_ID");  // the batch script, which is no rank
    EXPECT_EQ(choose("", step).shard.text(), "1/1");
}

TEST(Shard, HasAFileOfItsOwn) {
    EXPECT_EQ(shard_path("a/run.h5", {}), "a/run.h5");
    EXPECT_EQ(shard_path("a/run.h5", {2, 4}), "a/run.shard-2-of-4.h5");
    EXPECT_EQ(shard_path("run", {2, 4}), "run.shard-2-of-4");
}

}  // namespace
}  // namespace sg
