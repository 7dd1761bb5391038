// SPDX-License-Identifier: MIT
// What a median looks like: counted in the SVG that is drawn for summaries made by hand.
#include "host/median_marks.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/host/svg_test.hpp"

namespace sg {
namespace {

using test::count;

constexpr char const* white = "fill=\"#fff\" stroke=\"#123\"";

// Median 8 of six seeds, quartiles 4 and 16, interval 4 to 16, sides of brackets 2 to 32.
SeedSummary known() {
    SeedSummary of;
    of.median = 8;
    of.lower_quartile = {4, ""};
    of.upper_quartile = {16, ""};
    of.interval_low = 4;
    of.interval_high = 16;
    of.low = 2;
    of.high = 32;
    of.seeds = 6;
    of.bootstrapped = true;
    return of;
}

std::string drawn(std::vector<SeedSummary> const& summaries, MedianBar bar = MedianBar::interval) {
    std::vector<MedianMark> marks;
    for (SeedSummary const& of : summaries)
        marks.push_back({10 + 20 * static_cast<double>(marks.size()), &of});
    Svg svg;
    draw_medians(svg, marks, [](double c) { return 100 - 10 * std::log2(c); }, {0, 0, 100, 100},
                 {"#123", 0, bar, true});
    return svg.page(100, 100, "");
}

// The thin bar from one c to another.
std::string bar_of(double from, double to) {
    return fmt::format("points=\"10.00,{:.2f} 10.00,{:.2f} \" fill=\"none\" stroke=\"#123\"",
                       100 - 10 * std::log2(from), 100 - 10 * std::log2(to));
}

TEST(MedianMarks, AKnownMedianHasItsIntervalAndQuartiles) {
    std::string const svg = drawn({known()});
    EXPECT_EQ(count(svg, bar_of(4, 16)), 1);
    EXPECT_EQ(count(svg, "x1=\"7.00\""), 2);         // caps
    EXPECT_EQ(count(svg, "stroke-width=\"4\""), 1);  // quartiles
    EXPECT_EQ(count(svg, "<polygon"), 0);            // no arrow
    EXPECT_EQ(count(svg, "<circle cx=\"10.00\" cy=\"70.00\" r=\"4.50\" fill=\"#123\""), 1);
    EXPECT_EQ(count(drawn({known()}, MedianBar::brackets), bar_of(2, 32)), 1);
}

TEST(MedianMarks, AnOpenIntervalEndsInAnArrow) {
    SeedSummary open = known();
    open.interval_high = missing;
    std::string svg = drawn({open});
    EXPECT_EQ(count(svg, bar_of(4, 32)), 1);  // over all that is known
    EXPECT_EQ(count(svg, "x1=\"7.00\""), 1);  // one cap
    EXPECT_EQ(count(svg, "<polygon"), 1);
    EXPECT_EQ(count(svg, white), 0);
    open.interval_low = missing;
    EXPECT_EQ(count(drawn({open}), "<polygon"), 2);
    // Sides of brackets are never open.
    EXPECT_EQ(count(drawn({open}, MedianBar::brackets), "<polygon"), 0);
}

TEST(MedianMarks, ABoundIsHollowWithOneArrow) {
    SeedSummary bound = known();
    bound.median = bound.lower_quartile.value = bound.upper_quartile.value = 64;
    bound.interval_low = bound.low = bound.high = 64;
    bound.bound = bound.lower_quartile.bound = bound.upper_quartile.bound = ">";
    bound.interval_high = missing;
    std::string const svg = drawn({bound});
    EXPECT_EQ(count(svg, "<polygon"), 1);
    EXPECT_EQ(count(svg, "r=\"4.50\" fill=\"#fff\" stroke=\"#123\""), 1);
    bound.bound = "<";  // down, and the quartiles and the interval are open above
    EXPECT_EQ(count(drawn({bound}), "<polygon"), 4);
}

TEST(MedianMarks, AQuartileThatIsABoundIsAnOpenTriangle) {
    SeedSummary of = known();
    of.upper_quartile.bound = ">";
    of.interval_high = missing;
    std::string const svg = drawn({of});
    EXPECT_EQ(count(svg, "<polygon"), 2);  // and the interval's arrow
    EXPECT_EQ(count(svg, white), 1);
}

TEST(MedianMarks, OfOneSeedTheBarIsItsBracket) {
    SeedSummary one = known();
    one.seeds = 1;
    one.lower_quartile = one.upper_quartile = {};
    one.interval_low = one.interval_high = 8;
    std::string const svg = drawn({one});
    EXPECT_EQ(count(svg, bar_of(2, 32)), 1);
    EXPECT_EQ(count(svg, "stroke-width=\"4\""), 0);
    one.low = one.high = 8;  // nothing to draw beside the marker
    EXPECT_EQ(count(drawn({one}), "<polyline"), 0);
}

TEST(MedianMarks, LinesAreDashedNextToABound) {
    SeedSummary bound = known(), nothing;
    bound.bound = ">";
    EXPECT_EQ(count(drawn({known(), known()}), "stroke-dasharray"), 0);
    EXPECT_EQ(count(drawn({known(), bound, known()}), "stroke-dasharray"), 2);
    std::string const svg = drawn({known(), nothing, known()});
    EXPECT_EQ(count(svg, "<circle"), 2);
    EXPECT_EQ(count(svg, "nan"), 0);
    EXPECT_EQ(count(svg, "points=\"10.00,70.00 50.00,70.00 \""), 2);  // with its seam
}

TEST(MedianMarks, SymbolsDifferInShapeAndComeAgain) {
    std::vector<std::string> svg;
    for (int symbol = 0; symbol < 5; ++symbol) {
        Svg one;
        draw_symbol(one, symbol, "#123", 5, 5, symbol % 2 == 1);
        svg.push_back(one.page(10, 10, ""));
    }
    EXPECT_EQ(svg[0], svg[4]);
    for (std::size_t k = 1; k < 4; ++k) EXPECT_NE(svg[0], svg[k]);
    EXPECT_NE(svg[2], svg[3]);
}

}  // namespace
}  // namespace sg
