// SPDX-License-Identifier: MIT
#include "host/config_sharpness.hpp"

#include <gtest/gtest.h>

#include "tests/host/config_message.hpp"

namespace sg::test {
namespace {

std::string with(std::string const& spectrum) {
    return message_of(good_study, {"sharpness.spectrum=" + spectrum});
}
Study study_of(std::string const& spectrum) {
    return parse_study(good_study, "s.yaml", {"sharpness.spectrum=" + spectrum});
}

TEST(ConfigSpectrum, IsReadWithItsDefaults) {
    SpectrumSpec const whole{{0, 4, 10}, 5, true, 8, 32};
    EXPECT_EQ(study_of("{steps: [10, 0, 4], top: 5, smallest: true, density: {probes: 8, order: 32}}").spectrum,
              whole);
    EXPECT_EQ(study_of("{steps: 3, density: {}}").spectrum, (SpectrumSpec{{3}, 0, false, 4, 64}));
    EXPECT_EQ(study_of("{steps: 3, smallest: true}").spectrum, (SpectrumSpec{{3}, 0, true, 0, 0}));
    auto const none = parse_study(good_study, "s.yaml");
    EXPECT_EQ(none.spectrum, SpectrumSpec{});
    EXPECT_EQ(none.yaml_resolved.find("spectrum"), std::string::npos);
    EXPECT_TRUE(whole.at(4));
    EXPECT_FALSE(whole.at(5));
    EXPECT_FALSE(none.spectrum.at(0));
}

TEST(ConfigSpectrum, WhatIsResolvedReadsAsItself) {
    for (char const* text : {"{steps: [0, 10], top: 16, smallest: true, density: {probes: 2, order: 9}}",
                             "{steps: 0, top: 1}", "{steps: [1], density: {order: 1000}}"}) {
        auto const study = study_of(text);
        auto const again = parse_study(study.yaml_resolved, "r.yaml");
        EXPECT_EQ(again.yaml_resolved, study.yaml_resolved);
        EXPECT_EQ(again.spectrum, study.spectrum);
    }
}

TEST(ConfigSpectrum, EveryFaultIsNamed) {
    struct {
        char const *spectrum, *message;
    } const cases[]{
        {"{top: 3}", "sharpness.spectrum.steps is missing"},
        {"{steps: [], top: 3}", "sharpness.spectrum.steps is an empty list"},
        {"{steps: [0, 11], top: 3}",
         "sharpness.spectrum.steps = 11 (must be an integer from 0 to 10)"},
        {"{steps: [0, 0], top: 3}", "sharpness.spectrum.steps has 0 twice"},
        {"{steps: 0, top: 17}", "sharpness.spectrum.top = 17 (must be an integer from 1 to 16)"},
        {"{steps: 0, smallest: maybe}", "sharpness.spectrum.smallest"},
        {"{steps: 0, density: {probes: 0}}",
         "sharpness.spectrum.density.probes = 0 (must be an integer from 1 to 1000)"},
        {"{steps: 0, density: {order: 1}}",
         "sharpness.spectrum.density.order = 1 (must be an integer from 2 to 1000)"},
        {"{steps: 0, density: 4}", "sharpness.spectrum.density = 4 (must be a mapping)"},
        {"{steps: 0}",
         "sharpness.spectrum measures nothing; give top, smallest: true or density"},
        {"{steps: 0, smallest: false}", "sharpness.spectrum measures nothing"},
        {"{steps: 0, tops: 3}",
         "sharpness.spectrum.tops is not a key of sharpness.spectrum (steps, top, smallest, density). Did "
         "you mean \"top\"?"},
        {"{steps: 0, density: {nodes: 3}}",
         "sharpness.spectrum.density.nodes is not a key of sharpness.spectrum.density (probes, order)"},
        {"7", "sharpness.spectrum = 7 (must be a mapping)"},
    };
    for (auto const& c : cases) expect_has(with(c.spectrum), c.message);
}

}  // namespace
}  // namespace sg::test
