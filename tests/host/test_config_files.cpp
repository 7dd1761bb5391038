// SPDX-License-Identifier: MIT
// Files that are no study at all: empty, binary, nested without end, damaged at random.
#include <gtest/gtest.h>

#include <random>

#include "tests/host/config_message.hpp"
#include "tests/host/temporary.hpp"

namespace sg {
namespace {

using test::expect_has;
using test::message_of;

constexpr char const* good = test::good_study;

TEST(ConfigFiles, FilesThatAreNoStudy) {
    expect_has(message_of(""), "s.yaml: the file is empty");
    expect_has(message_of("# only a comment\n"), "s.yaml: the file is empty");
    expect_has(message_of("[1, 2]\n"), "s.yaml:1:1: a study is a mapping");
    expect_has(message_of("just words\n"), "s.yaml:1:1: a study is a mapping");
    expect_has(message_of("study: s\nmodel: {depth: [2\n"), "this is not YAML");
    expect_has(message_of("study: s\n\tmodel: 3\n"), "s.yaml:2:");
    expect_has(message_of(std::string(good) + "---\nstudy: t\n"), "2 documents");
    expect_has(message_of("study: s\ndata: *nowhere\n"), "s.yaml:2:7: this is not YAML");
    expect_has(message_of("study: &s [*s]\n"), "an alias stands inside of what it names");
    expect_has(message_of(std::string("study: s\nmo\0el", 14)),
               "s.yaml:2:3: byte 0x00 is not text");
    expect_has(message_of("study: \xff\n"), "s.yaml:1:8: byte 0xff is not text");
    expect_has(message_of("study: \xc3"), "byte 0xc3 is not text");
    test::TemporaryFolder const folder;
    EXPECT_THROW(read_study(folder.path()), UserError);
    EXPECT_THROW(read_study(folder.path("none.yaml")), UserError);
    EXPECT_THROW(read_study(folder.write("big.yaml", std::string(2 << 20, '#'))), UserError);
}

TEST(ConfigFiles, ColumnsCountCharactersAndLongLinesAreCut) {
    expect_has(message_of(good + std::string("output: {file: \"üü\", b: 1}\n")),
               "s.yaml:4:22: output.b is not a key of output (file)\n"
               "    4 | output: {file: \"üü\", b: 1}\n"
               "      |                      ^");
    std::string const cut = message_of(good + std::string("output: {file: ") +
                                       std::string(5000, 'x') + ", wrong: 1}\n");
    expect_has(cut, "output.wrong is not a key");
    EXPECT_LT(cut.size(), 400U);
}

TEST(ConfigFiles, DeepAndWideTextsDoNotCrash) {
    for (char const* open : {"[", "{", "{a: ", "[{a: ", "&a [", "- ", "? "}) {
        std::string deep = "study: ";
        for (int i = 0; i < 20000; ++i) deep += open;
        EXPECT_NE(message_of(deep), "") << open;
        EXPECT_NE(message_of(deep.substr(7)), "") << open;
    }
    // each level stands for ten of the one before
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        std::string const above = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + above;
        for (int k = 1; k < 10; ++k) bomb += ", " + above;
        bomb += "]\n";
    }
    expect_has(message_of(bomb), "more than 500000 values");
    std::string nested = "a: ";
    for (int i = 0; i < 400; ++i) nested += "&a [";
    for (int i = 0; i < 10000; ++i) nested += "x,";
    expect_has(message_of(nested + std::string(400, ']')), "more than 500000 values");
}

// Whatever is done to a study, the answer is a study or a UserError.
TEST(ConfigFiles, RandomDamageNeverCrashes) {
    std::string const whole =
        "study: &n s\ndata: {set: synthetic, examples: 600}\nmodel:\n  depth: [2, 4]\n  width: 8\n"
        "grid: {c: {log2_min: 0, log2_max: 3, step: 0.5}, seeds: [1, 2]}\n"
        "sharpness: {at: [1, 2]}\noutput: {file: \"x.h5\"}\n";
    std::string const pieces = "{}[]:,-?&*!|>'\"%@`#. \n\t\r\\0123456789eE_~<";
    std::mt19937 random(7);
    auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    for (int i = 0; i < 3000; ++i) {
        std::string text = whole;
        for (std::size_t k = below(6) + 1; k > 0; --k) {
            std::size_t const at = below(text.size());
            switch (below(5)) {
                case 0:
                    text[at] = static_cast<char>(below(256));
                    break;
                case 1:
                    text.insert(at, 1, pieces[below(pieces.size())]);
                    break;
                case 2:
                    text.erase(at, below(9) + 1);
                    break;
                case 3:
                    text.insert(at, text.substr(below(text.size()), below(30)));
                    break;
                default:
                    text[at] = pieces[below(pieces.size())];
                    break;
            }
        }
        ASSERT_NO_THROW(message_of(text)) << text;
    }
}

}  // namespace
}  // namespace sg
