// SPDX-License-Identifier: MIT
// What a plan makes of the memory of a device, without one.
#include "host/plan.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/config.hpp"

namespace sg::test {
namespace {

constexpr std::size_t GiB = std::size_t{1} << 30;
DatasetShape const images{60000, 784, 10};

Machine gpu(std::size_t memory, int devices = 1) {
    Machine m;
    for (int d = 0; d < devices; ++d) m.devices.push_back(d);
    m.device_memory = memory;
    m.host_memory = 64 * GiB;
    return m;
}

Study study_of(std::string const& model, int examples, int seeds = 16) {
    return parse_study("study: planned\nmodel: {kind: fcn, " + model +
                           "}\ngrid: {c: {log2_min: 0, log2_max: 7, "
                           "step: 0.25}, seeds: " +
                           std::to_string(seeds) + "}\nsharpness: {examples: " +
                           std::to_string(examples) + "}\noutput: {file: planned.h5}\n",
                       "planned.yaml");
}

Plan plan(Study const& study, Machine const& m) {
    return make_plan(study, images, m, Precision::single);
}

TEST(Plan, ALargeDeviceTakesAllNetworksOfAShapeAtOnce) {
    auto const p = plan(study_of("depth: [2, 4, 8], width: [16, 64, 128]", 512), gpu(139 * GiB));
    for (auto const& c : p.cohorts) {
        EXPECT_EQ(c.slice_nets, 16 * 29);
        EXPECT_EQ(c.unit_seeds, 16);
        EXPECT_FALSE(c.recompute);
        EXPECT_LE(c.arena_bytes, p.arena_bytes);
    }
    EXPECT_EQ(p.workers, 4);  // four shapes side by side
    EXPECT_LE(p.device_bytes, 139 * GiB);
    EXPECT_NO_THROW(check_memory(p));
}

// Four networks of one batch are one slice for one worker, and a slice for each of four.
TEST(Plan, EveryWorkerOfTheCpuHasASlice) {
    auto study = study_of("depth: 2, width: 16", 512, 1);
    study.c = {1, 2, 4, 8};
    Machine m;
    m.host_memory = 64 * GiB;
    for (auto const& [workers, nets, slices] : {std::tuple{1, 4, 1}, {2, 2, 2}, {3, 1, 4}, {16, 1, 4}}) {
        m.workers = workers;
        auto const p = plan(study, m);
        EXPECT_EQ(p.cohorts[0].slice_nets, nets);
        EXPECT_EQ(p.slices, slices);
        EXPECT_EQ(p.workers, std::min(workers, 4));
        EXPECT_EQ(p.threads, workers == 16 ? 4 : 1);
    }
    m.workers = 16;  // three seeds of a search have about twelve networks at a time
    EXPECT_EQ(plan(parse_study("study: searched\nmodel: {kind: fcn, depth: 2, width: 16}\n"
                               "grid: {c: {search: true, log2_min: 0, log2_max: 7}, seeds: 3}\n", "searched.yaml"), m).cohorts[0].slice_nets, 1);
    EXPECT_EQ(plan(study_of("depth: [2, 4, 8], width: [16, 64, 128]", 512), m).cohorts[0].slice_nets, 4);
}

// The loss is measured on the whole training set: chunk by chunk, but for its outputs.
TEST(Plan, ThePublishedProtocolCountsTheTrainingSet) {
    auto study = study_of("depth: 4, width: 64", 512);
    auto const fixed = plan(study, gpu(139 * GiB));
    study.sharpness.protocol = Protocol::published;
    study.sharpness.method = SharpnessMethod::power;
    study.sharpness.examples = 4096;
    auto const published = plan(study, gpu(139 * GiB));
    auto const& model = published.cohorts[0].model;
    double const whole = 10 * forward_flops(model, 60000),
                 batch = 10 * (21 * product_flops(model, 512) + forward_flops(model, 512) + linearise_flops(model, 512) +
                      gradient_flops(model, 512));
    EXPECT_NEAR(published.cohorts[0].flops / (whole + batch), 1, 1e-12);
    EXPECT_GT(published.device_bytes, fixed.device_bytes + std::size_t{60000} * 784 * sizeof(float));
    Machine small = gpu(139 * GiB);
    small.devices.clear();
    EXPECT_LT(plan(study, small).host_bytes, 2 * GiB);
}

// Whole of the repository: what is described plans, and its file is named after it.
TEST(Plan, EveryStudyOfTheRepositoryPlans) {
    int studies = 0;
    for (auto const& entry :
         std::filesystem::directory_iterator(std::string(SG_SOURCE_DIR) + "/configs")) {
        SCOPED_TRACE(entry.path().string());
        ASSERT_EQ(entry.path().extension(), ".yaml");
        auto const study = read_study(entry.path().string());
        std::string const name = entry.path().stem().string();
        EXPECT_EQ(study.name, name);
        EXPECT_EQ(study.output_file, name + ".h5");
        std::ifstream file(entry.path());
        std::string line;
        std::getline(file, line);
        EXPECT_EQ(line.substr(0, 2), "# ");
        Machine machine = gpu(0);
        machine.devices.clear();
        auto const data = study.model == "uv" ? DatasetShape{1, 1, 1} : images;
        auto const planned = make_plan(study, data, machine, Precision::single);
        EXPECT_GT(planned.networks, 0);
        EXPECT_NO_THROW(check_memory(planned));
        ++studies;
    }
    EXPECT_GE(studies, 10);
}

TEST(Plan, SlicesFillWhatThereIs) {
    auto const study = study_of("depth: 8, width: 512", 4096);
    int before = 0;
    for (std::size_t const memory : {4 * GiB, 16 * GiB, 40 * GiB, 139 * GiB}) {
        auto const p = plan(study, gpu(memory));
        auto const& c = p.cohorts[0];
        EXPECT_LE(p.device_bytes, memory);
        EXPECT_GT(c.slice_nets, before);
        before = c.slice_nets;
        if (c.slice_nets == 16 * 29) continue;
        Cohort more = c;  // not one network more would fit
        set_slice(more, c.slice_nets + 1, study, images, Space::cuda, Precision::single);
        EXPECT_GT(p.device_bytes - p.arena_bytes + more.arena_bytes, memory);
    }
}

TEST(Plan, KrylovVectorsOfWideNetworksAreFewer) {
    auto const p = plan(study_of("depth: 4, width: 2048", 512), gpu(139 * GiB));
    EXPECT_EQ(Lanczos<float>::dimension(p.cohorts[0].model.params()), 12);
    EXPECT_GE(p.cohorts[0].slice_nets, 64);
    EXPECT_EQ(p.workers, 1);
}

// Sixty thousand examples: activations are most of the memory, and are made again where that halves
// it.
TEST(Plan, ActivationsAreRecomputedWhereTheyDoNotFit) {
    auto const study = study_of("depth: 8, width: 64", 60000);
    auto const small = plan(study, gpu(24 * GiB)), large = plan(study, gpu(1500 * GiB));
    EXPECT_TRUE(small.cohorts[0].recompute);
    EXPECT_FALSE(large.cohorts[0].recompute);
    EXPECT_GT(small.flops, 1.3 * large.flops);
    std::ostringstream text;
    print_plan(text, study, small);
    EXPECT_NE(text.str().find("activations recomputed"), std::string::npos);
}

TEST(Plan, ASpectrumIsCounted) {
    auto study = study_of("depth: 4, width: 64", 512);
    auto const without = plan(study, gpu(139 * GiB));
    study.spectrum = {{0, 10}, 5, true, 4, 64};
    auto const with = plan(study, gpu(139 * GiB));
    auto const& c = with.cohorts[0];
    auto const P = static_cast<std::size_t>(c.model.params());
    // A basis of 64 vectors and two more; nodes and weights in each row of the file.
    EXPECT_GE(c.arena_bytes, static_cast<std::size_t>(c.slice_nets) * 66 * P * sizeof(float));
    EXPECT_GT(with.disk_bytes, without.disk_bytes + 16 * 29 * 2 * (4 * 64 * 2 * sizeof(double)));
    EXPECT_GT(with.flops, 2 * without.flops);
    std::ostringstream text;
    print_plan(text, study, with);
    EXPECT_NE(text.str().find("spectrum     about 427 products per network at each of 2 steps"),
              std::string::npos)
        << text.str();
    print_plan(text, study_of("depth: 4, width: 64", 512), without);
    EXPECT_EQ(text.str().rfind("spectrum     "), text.str().find("spectrum     "));
}

// The basis is memory: where it does not fit, slices are smaller.
TEST(Plan, ASpectrumMakesSlicesSmaller) {
    auto study = study_of("depth: 4, width: 512", 512);
    auto const without = plan(study, gpu(24 * GiB));
    study.spectrum = {{0}, 0, false, 1, 200};
    auto const with = plan(study, gpu(24 * GiB));
    EXPECT_LT(2 * with.cohorts[0].slice_nets, without.cohorts[0].slice_nets);
    EXPECT_LE(with.device_bytes, 24 * GiB);
}

TEST(Plan, WorkIsSpreadOverTheDevices) {
    auto const p = plan(study_of("depth: [2, 4], width: [16, 32]", 512), gpu(40 * GiB, 3));
    std::vector<int> of(3);
    for (int w = 0; w < p.workers; ++w) ++of[static_cast<std::size_t>(p.device_of(w))];
    EXPECT_GE(*std::min_element(of.begin(), of.end()), 1);
    EXPECT_EQ(plan(study_of("depth: 2, width: 16", 512), Machine{{}, 0, 2, 64 * GiB}).device_of(1),
              -1);
}

TEST(Plan, WhatDoesNotFitIsRefused) {
    auto const study = study_of("depth: 8, width: 2048", 4096);
    EXPECT_NE(device_memory_fault(plan(study, gpu(GiB))).find("device memory"), std::string::npos);
    EXPECT_EQ(device_memory_fault(plan(study, gpu(64 * GiB))), "");
    Machine cpu;
    cpu.host_memory = GiB / 4;
    EXPECT_THROW(check_memory(plan(study, cpu)), ResourceError);
}

}  // namespace
}  // namespace sg::test
