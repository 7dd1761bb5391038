// SPDX-License-Identifier: MIT
#include "host/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sg {
namespace {

std::string base64_of(std::string const& text) {
    return base64({reinterpret_cast<unsigned char const*>(text.data()), text.size()});
}

TEST(Json, EscapesTexts) {
    EXPECT_EQ(json_text("a\"b\\c\nd\x01"), R"("a\"b\\c\u000ad\u0001")");
    EXPECT_EQ(json_text("λ"), "\"λ\"");
}

TEST(Json, WritesNumbers) {
    EXPECT_EQ(json_number(0.1), "0.1");
    EXPECT_EQ(json_number(std::nan("")), "null");
    EXPECT_EQ(json_short(1.0 / 3), "0.333333");
    EXPECT_EQ(json_short(-std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(json_shorts(std::vector{1.0, 2.5, std::nan("")}), "[1,2.5,null]");
    EXPECT_EQ(json_list({}), "[]");
}

// RFC 4648, section 10.
TEST(Json, EncodesBytes) {
    EXPECT_EQ(base64_of(""), "");
    EXPECT_EQ(base64_of("f"), "Zg==");
    EXPECT_EQ(base64_of("fo"), "Zm8=");
    EXPECT_EQ(base64_of("foo"), "Zm9v");
    EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64_of("\xff\xfe\xfd"), "//79");
    EXPECT_EQ(json_float32(std::vector{1.0}), "\"AACAPw==\"");    // 00 00 80 3f
    EXPECT_EQ(json_float32(std::vector{1e300}), "\"AACAfw==\"");  // infinity
    EXPECT_EQ(json_int32(std::vector<std::int32_t>{-1}), "\"/////w==\"");
    EXPECT_EQ(json_uint8(std::vector<std::uint8_t>{0, 255}), "\"AP8=\"");
}

TEST(Json, CannotEndAScript) {
    std::string const safe = json_in_html(json_text("</script><!--<script>"));
    EXPECT_EQ(safe.find('<'), std::string::npos);
    EXPECT_EQ(safe, R"("\u003c/script>\u003c!--\u003cscript>")");
}

}  // namespace
}  // namespace sg
