// SPDX-License-Identifier: MIT
// One test, every space: a fixture that runs on the CPU, on the CPU with the indices of every phase
// in a random order, and on a CUDA device. Where there is none, the test is skipped and says so.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "cuda/exec/exec.hpp"

namespace sg::test {

enum class Where { cpu, cpu_shuffled, cuda };

std::string title(testing::TestParamInfo<Where> const& info);
void PrintTo(Where where, std::ostream* out);  // in the messages of GoogleTest

// The Exec of a space; for `cuda` without a device, one of the CPU that no test comes to use.
Exec exec_of(Where where);

class OnEverySpace : public testing::TestWithParam<Where> {
protected:
    OnEverySpace() : exec_(exec_of(GetParam())) {}
    void SetUp() override;
    Exec const& exec() const { return exec_; }
    bool shuffled() const { return GetParam() == Where::cpu_shuffled; }

private:
    Exec exec_;
};

}  // namespace sg::test

// SG_SPACES(HessianTest); behind the class. SG_DEVICES leaves the shuffled order out: for long
// tests of what other tests have shuffled.
#define SG_SPACES(Fixture)                                                         \
    INSTANTIATE_TEST_SUITE_P(                                                      \
        Spaces, Fixture,                                                           \
        ::testing::Values(::sg::test::Where::cpu, ::sg::test::Where::cpu_shuffled, \
                          ::sg::test::Where::cuda),                                \
        ::sg::test::title)
#define SG_DEVICES(Fixture)                                                                      \
    INSTANTIATE_TEST_SUITE_P(Spaces, Fixture,                                                    \
                             ::testing::Values(::sg::test::Where::cpu, ::sg::test::Where::cuda), \
                             ::sg::test::title)
