// SPDX-License-Identifier: MIT
#include "cuda/exec/error.hpp"

#include <gtest/gtest.h>

namespace sg {
namespace {

TEST(Error, EachFaultCarriesTheExitCodeOfTheCommandLine) {
    EXPECT_EQ(InternalError("").code(), ExitCode::internal);
    EXPECT_EQ(UserError("").code(), ExitCode::user);
    EXPECT_EQ(DataError("").code(), ExitCode::data);
    EXPECT_EQ(DeviceError("").code(), ExitCode::device);
    EXPECT_EQ(CheckError("").code(), ExitCode::check);
    EXPECT_EQ(ResourceError("").code(), ExitCode::resource);
    EXPECT_EQ(static_cast<int>(ExitCode::stopped), 75);
    try {
        throw UserError("step = 0 (must be positive)");
    } catch (Fault const& fault) {
        EXPECT_STREQ(fault.what(), "step = 0 (must be positive)");
    }
}

TEST(Error, AnExpectationSaysWhatAndWhereItBroke) {
    EXPECT_NO_THROW(SG_EXPECT(1 + 1 == 2));
    try {
        SG_EXPECT(1 + 1 == 3);
        FAIL() << "nothing was thrown";
    } catch (InternalError const& error) {
        std::string const what = error.what();
        EXPECT_NE(what.find("1 + 1 == 3"), std::string::npos) << what;
        EXPECT_NE(what.find("test_error.cpp:"), std::string::npos) << what;
    }
}

}  // namespace
}  // namespace sg
