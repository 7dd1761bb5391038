// SPDX-License-Identifier: MIT
#include "host/text_diagram.hpp"

#include <gtest/gtest.h>

#include "tests/host/sweep_test.hpp"
#include "tests/host/trajectories.hpp"

namespace sg::test {
namespace {

StoredStudy stored(std::vector<std::vector<Trajectory>> const& points) {
    StoredStudy study;
    for (auto const& rows : points) study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    study.margins = no_margin(study.rows);
    return study;
}

TextDiagram diagram(StoredStudy const& study, std::vector<Awaited> const& awaited = {},
                    int columns = 80, bool colour = false) {
    return text_diagram(study, {}, awaited, columns, colour);
}

TEST(TextDiagram, HasASymbolForEachRegion) {
    auto const found = diagram(stored({point(3, 5, 9, 6), point(4, 2, 9, 9, 2, 32)}));
    ASSERT_EQ(found.panels.size(), 1U);
    EXPECT_EQ(found.panels[0],
              (std::vector<std::string>{"depth 2  0 2 4 6   c_loss c_sharp c_barrier   c_max",
                                        "     16  --vLLBXX    5.66    22.6       >32    45.3",
                                        "     32  --SSBBBB    11.3    2.83      >128    >128"}));
    EXPECT_EQ(found.legend,
              (std::vector<std::string>{
                  "- below 2  v sharpness reduction  L loss catapult  S sharpness catapult",
                  "B loss and sharpness catapult  X divergent"}));
}

TEST(TextDiagram, ShowsWhatIsToCome) {
    StoredStudy study = stored({point(9, 9, 9, 9)});
    study.rows.resize(3);
    study.rows[1].status = RunStatus::collapsed;
    study.rows[2].status = RunStatus::stopped;
    study.margins = no_margin(study.rows);
    auto const found = diagram(study, {{2, 16, {}, 8}, {2, 16, {}, 64}, {4, 16, {}, 1}});
    ASSERT_EQ(found.panels.size(), 2U);
    EXPECT_EQ(found.panels[0][1].substr(9, 4), "-o..");
    EXPECT_EQ(found.panels[1][1].substr(9, 4), ".   ");
    EXPECT_EQ(found.panels[1][1].substr(13), "       -       -         -       -");
    EXPECT_EQ(found.panels[1][0].substr(0, 8), "depth 4 ");
}

// One of two seeds tells of each c; of equally many the later symbol counts.
TEST(TextDiagram, SeedsVote) {
    auto const found = diagram(
        stored({point(3, 9, 9, 6), point(4, 9, 9, 6, 2, 16, 1), point(4, 9, 9, 7, 2, 16, 2)}));
    EXPECT_EQ(found.panels[0][1].substr(9, 8), "--vvLLXX");
    auto const even = diagram(stored({point(3, 9, 9, 6), point(4, 9, 9, 7, 2, 16, 1)}));
    EXPECT_EQ(even.panels[0][1].substr(9, 8), "--vLLLXX");
}

TEST(TextDiagram, NeighboursShareAColumnWhereThereIsNoRoom) {
    std::vector<Trajectory> rows;
    for (int k = 0; k <= 160; ++k) {
        rows.push_back(network(std::exp2(k / 20.0)));
        if (k > 100) rows.back() = diverged(rows.back());
    }
    auto const line = diagram(stored({rows})).panels[0][1];
    auto const cells = line.substr(9, 80 - 9 - 24);
    EXPECT_EQ(cells.find_first_not_of("-vX"), std::string::npos) << line;
    EXPECT_NEAR(static_cast<double>(cells.find('v')), 1 / 8.0 * 46, 1);
    EXPECT_NEAR(static_cast<double>(cells.find('X')), 5 / 8.0 * 46, 1);
    EXPECT_EQ(line.size(), 80U);
    auto const narrow = diagram(stored({rows}), {}, 40).panels[0];
    EXPECT_EQ(narrow[1].size(), 40U);  // no room for the constants
    EXPECT_EQ(narrow[0].find("c_loss"), std::string::npos);
    EXPECT_EQ(diagram(stored({rows}), {}, 1).panels[0][1].size(), 17U);  // eight at least
}

// What lies between two networks that did the same is known; what lies in a bracket is not.
TEST(TextDiagram, FillsTheGapsOfASearch) {
    auto study = study_of(
        "{c: {search: true, log2_min: 0, log2_max: 4, step: 2, resolution: 0.5}, "
        "seeds: 1}");
    StoredStudy const known = stored(
        {{network(1, 2, 4), network(4, 2, 4), network(8, 2, 4), diverged(network(16, 2, 4))}});
    auto const found = text_diagram(known, study, {}, 80, false);
    EXPECT_EQ(found.panels[0][0].substr(9, 9), "0 1 2 3 4");
    EXPECT_EQ(found.panels[0][1].substr(9, 9), "---vvvv X");
    auto const more = text_diagram(known, study, {{2, 4, {}, std::exp2(3.5)}}, 80, false);
    EXPECT_EQ(more.panels[0][1].substr(9, 9), "---vvvv.X");
}

TEST(TextDiagram, StudiesGiveTheirShapesBeforeTheirNetworks) {
    auto study = study_of("{c: [1, 2, 8], seeds: 2}");
    study.depth = {2, 12};
    auto const found = text_diagram({}, study, {{12, 4, {}, 8}}, 80, false);
    ASSERT_EQ(found.panels.size(), 2U);
    EXPECT_EQ(found.panels[0], (std::vector<std::string>{"depth 2  0 3  c_loss c_sharp   c_max",
                                                         "      4            -       -       -"}));
    EXPECT_EQ(found.panels[1][0].substr(0, 12), "depth 12 0 3");
    EXPECT_EQ(found.panels[1][1].substr(0, 12), "      4    .");
    EXPECT_TRUE(text_diagram({}, {}, {}, 80, false).panels.empty());
}

TEST(TextDiagram, SweptKeysHavePanelsOfTheirOwn) {
    StoredStudy study = stored({point(3, 5, 9, 6), point(3, 5, 9, 6)});
    study.swept = {{"activation", {"relu", "tanh"}}};
    for (std::size_t n = 0; n < study.rows.size(); ++n) study.rows[n].swept = {n < 8 ? 0.0 : 1.0};
    auto const found = diagram(study);
    ASSERT_EQ(found.panels.size(), 2U);
    EXPECT_EQ(found.panels[0][0], "depth 2, activation relu");
    EXPECT_EQ(found.panels[1][0], "depth 2, activation tanh");
    EXPECT_EQ(found.panels[1][2].substr(0, 17), "     16  --vLLBXX");
}

TEST(TextDiagram, ColoursChangeNoLetter) {
    StoredStudy const study = stored({point(3, 5, 9, 6)});
    auto const plain = diagram(study), coloured = diagram(study, {}, 80, true);
    auto const bare = [](std::string text) {
        for (std::size_t at; (at = text.find('\x1b')) != std::string::npos;)
            text.erase(at, text.find('m', at) - at + 1);
        return text;
    };
    ASSERT_EQ(coloured.legend.size(), plain.legend.size());
    for (std::size_t k = 0; k < plain.legend.size(); ++k) {
        EXPECT_EQ(bare(coloured.legend[k]), plain.legend[k]);
        EXPECT_NE(coloured.legend[k], plain.legend[k]);
    }
    EXPECT_EQ(bare(coloured.panels[0][1]), plain.panels[0][1]);
    EXPECT_NE(coloured.panels[0][1].find("\x1b[33mLL\x1b[m"), std::string::npos);
}

TEST(TextDiagram, WrapsBetweenWords) {
    EXPECT_EQ(wrapped({"one  ", "two  ", "three  "}, 10),
              (std::vector<std::string>{"one  two", "three"}));
    EXPECT_EQ(wrapped({"λλλ  ", "two  "}, 8), (std::vector<std::string>{"λλλ  two"}));
    EXPECT_EQ(wrapped({"endless"}, 2), (std::vector<std::string>{"endless"}));
    EXPECT_TRUE(wrapped({}, 9).empty());
}

}  // namespace
}  // namespace sg::test
