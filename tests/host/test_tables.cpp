// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "host/tables.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

class Tables : public testing::Test {
protected:
    Tables() {
        study_.title = "a \"name\", with\\signs";
        study_.model = "fcn";
        study_.state = StudyState::complete;
        study_.swept = {{"activation", {"relu", "tanh"}}, {"momentum", {}}};
        study_.audit = {200, 1, 0.1};
        add(test::point(2, 3, 9, 6, 2, 16, 0));
        add(test::point(3, 9, 4, 9, 2, 16, 1));
        add(test::point(9, 9, 9, 0, 4, 32, ~0UL));
        study_.rows[1].status = RunStatus::collapsed;
        study_.margins = test::no_margin(study_.rows);
        points_ = find_constants(study_.rows, study_.margins);
    }
    void add(std::vector<Trajectory> rows) {
        for (Trajectory& row : rows) {
            row.swept = {1, 0.9};
            row.sharpness_0 = 1.0 / 3;
            study_.rows.push_back(row);
        }
    }

    StoredStudy study_;
    std::vector<Point> points_;
};

// YAML contains JSON, so the parser of the configuration checks the form.
TEST_F(Tables, JsonHasEveryBracket) {
    std::ostringstream out;
    write_json(out, study_, points_);
    YAML::Node const json = YAML::Load(out.str());
    EXPECT_EQ(json["study"].as<std::string>(), study_.title);
    EXPECT_EQ(json["state"].as<std::string>(), "complete");
    EXPECT_EQ(json["networks"].as<int>(), 24);
    EXPECT_EQ(json["audit"]["misses"].as<int>(), 1);
    EXPECT_EQ(json["audit"]["worst"].as<double>(), 0.1);
    ASSERT_EQ(json["points"].size(), 3U);

    YAML::Node const first = json["points"][0];
    EXPECT_EQ(first["model"].as<std::string>(), "fcn");
    EXPECT_EQ(first["depth"].as<int>(), 2);
    EXPECT_EQ(first["activation"].as<std::string>(), "tanh");
    EXPECT_EQ(first["momentum"].as<double>(), 0.9);
    EXPECT_EQ(first["sharpness_0"].as<double>(), 1.0 / 3);  // to the last bit
    EXPECT_EQ(first["networks"].as<int>(), 8);
    EXPECT_EQ(first["collapsed"].as<int>(), 1);
    EXPECT_EQ(first["diverged"].as<int>(), 2);
    YAML::Node const c_loss = first["constants"]["c_loss"];
    EXPECT_EQ(c_loss["low"].as<double>(), 2);
    EXPECT_EQ(c_loss["high"].as<double>(), 4);
    EXPECT_EQ(c_loss["status"].as<std::string>(), "found");
    EXPECT_TRUE(c_loss["rests_on_collapsed"].as<bool>());
    EXPECT_TRUE(first["constants"]["c_barrier"]["high"].IsNull());

    YAML::Node const last = json["points"][2];
    EXPECT_EQ(last["seed"].as<std::uint64_t>(), ~0UL);
    EXPECT_EQ(last["constants"]["c_loss"]["status"].as<std::string>(), "none below c_max");
    EXPECT_TRUE(last["constants"]["c_max"]["low"].IsNull());
}

TEST_F(Tables, JsonOfNothingIsWhole) {
    std::ostringstream out;
    write_json(out, StoredStudy{}, {});
    EXPECT_EQ(YAML::Load(out.str())["points"].size(), 0U);
}

TEST_F(Tables, CsvHasOneLineForEachConstant) {
    std::ostringstream out;
    write_csv(out, study_, points_);
    std::istringstream lines(out.str());
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line,
              "model,depth,width,seed,activation,momentum,sharpness_0,networks,collapsed,diverged,"
              "constant,low,high,status,rests_on_collapsed");
    std::getline(lines, line);
    EXPECT_EQ(line, "fcn,2,16,0,tanh,0.9,0.3333333333333333,8,1,2,c_loss,2,4,found,1");
    std::getline(lines, line);
    std::getline(lines, line);
    EXPECT_EQ(line,
              "fcn,2,16,0,tanh,0.9,0.3333333333333333,8,1,2,c_barrier,32,,none below c_max,0");
    int count = 4;
    while (std::getline(lines, line)) ++count;
    EXPECT_EQ(count, 1 + 3 * 4);
}

TEST_F(Tables, TheTableShowsMediansAndSeeds) {
    std::ostringstream out;
    print_constants(out, study_, points_, summarise(points_));
    std::string const text = out.str();
    EXPECT_NE(text.find("complete, 24 networks (10 diverged, 1 collapsed) at 3 points"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("1 of 200 measurements missed"), std::string::npos);
    EXPECT_NE(text.find("4 [2, 8]"), std::string::npos) << text;  // the median of c_loss
    EXPECT_NE(text.find("[2, 4]!"), std::string::npos) << text;   // rests on a collapse
    EXPECT_NE(text.find(">128"), std::string::npos) << text;      // c_max of the second seed
    EXPECT_NE(text.find("none >32"), std::string::npos) << text;
}

TEST_F(Tables, AStudyOfNothingPrints) {
    std::ostringstream out;
    print_constants(out, StoredStudy{}, {}, {});
    write_csv(out, StoredStudy{}, {});
    EXPECT_NE(out.str().find("0 networks"), std::string::npos);
}

}  // namespace
}  // namespace sg
