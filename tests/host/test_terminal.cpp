// SPDX-License-Identifier: MIT
#include "host/terminal.hpp"

#include <gtest/gtest.h>

#include "tests/host/temporary.hpp"

namespace sg::test {
namespace {

// The few sequences that a frame uses, on a screen of so many lines; others fail the test.
class Emulator {
public:
    explicit Emulator(std::size_t rows) : lines_(rows) {}

    void write(std::string const& text) {
        for (std::size_t k = 0; k < text.size(); ++k) {
            if (text[k] == '\x1b') {
                std::size_t const end = text.find_first_of("AHJKhl", k);
                ASSERT_NE(end, std::string::npos);
                act(text.substr(k + 2, end - k - 2), text[end]);
                k = end;
            } else if (text[k] == '\r') {
                column_ = 0;
            } else if (text[k] == '\n') {
                if (++row_ == lines_.size()) scroll();
            } else {
                lines_[row_].resize(std::max(lines_[row_].size(), column_ + 1), ' ');
                lines_[row_][column_++] = text[k];
            }
        }
    }
    std::string line(std::size_t k) const { return lines_[k]; }
    bool sane() const { return cursor_ && wrap_; }

private:
    void act(std::string const& number, char letter) {
        if (letter == 'A') row_ -= std::stoul(number);
        if (letter == 'H') row_ = column_ = 0;
        if (letter == 'K') lines_[row_].resize(column_);
        if (letter == 'J') {
            if (number != "2") lines_[row_].resize(column_);
            for (std::size_t k = number == "2" ? 0 : row_ + 1; k < lines_.size(); ++k)
                lines_[k].clear();
        }
        if (letter == 'h' || letter == 'l') (number == "?25" ? cursor_ : wrap_) = letter == 'h';
        ASSERT_LT(row_, lines_.size());
    }
    void scroll() {
        lines_.erase(lines_.begin());
        lines_.emplace_back();
        --row_;
    }

    std::vector<std::string> lines_;
    std::size_t row_ = 0, column_ = 0;
    bool cursor_ = true, wrap_ = true;
};

TEST(Terminal, FramesTakeEachOthersPlace) {
    Emulator screen(5);
    screen.write("$ watch\r\n");
    screen.write(frame({"one", "two two", "three"}, 0, false));
    screen.write(frame({"1", "2", "3", "4"}, 3, false));
    EXPECT_EQ(screen.line(0), "$ watch");
    EXPECT_EQ(screen.line(1), "1");
    EXPECT_EQ(screen.line(4), "4");
    screen.write(frame({"a", "b"}, 4, false));
    EXPECT_EQ(screen.line(1), "a");
    EXPECT_EQ(screen.line(2), "b");
    EXPECT_EQ(screen.line(3), "");
    screen.write(frame({"only"}, 2, false));
    screen.write(frame({"one"}, 1, false));
    EXPECT_EQ(screen.line(1), "one");
    EXPECT_EQ(screen.line(2), "");
    EXPECT_TRUE(screen.sane());
}

TEST(Terminal, AFullWindowScrollsOnce) {
    Emulator screen(3);
    screen.write("$ watch\r\n");
    for (std::size_t n = 0; n < 4; ++n)
        screen.write(frame({"a", "b", std::to_string(n)}, n ? 3 : 0, false));
    EXPECT_EQ(screen.line(0), "a");
    EXPECT_EQ(screen.line(2), "3");
    screen.write(frame({"new"}, 3, true));
    EXPECT_EQ(screen.line(0), "new");
    EXPECT_EQ(screen.line(1), "");
}

TEST(Terminal, AsksTheEnvironmentWhereThereIsNoTerminal) {
    if (isatty(STDOUT_FILENO)) GTEST_SKIP() << "standard output is a terminal";
    Environment const columns("COLUMNS", "132"), lines("LINES", "-4"), colour("NO_COLOR", nullptr);
    EXPECT_EQ(window_size(), (WindowSize{132, 24}));
    EXPECT_FALSE(can_redraw());
    EXPECT_FALSE(wants_colour());
    Environment const words("COLUMNS", "80 wide");
    EXPECT_EQ(window_size().columns, 80);
}

}  // namespace
}  // namespace sg::test
