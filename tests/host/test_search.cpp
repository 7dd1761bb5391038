// SPDX-License-Identifier: MIT
// The search in c on points whose constants are known without training anything.
#include "host/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace sg {
namespace {

constexpr double never = 99;

// What networks would show: exponents of c from which each criterion is met.
struct Truth {
    double loss = never, sharp = never, barrier = never, diverges = never;

    Verdict operator()(Request const& request) const {
        double const x = std::log2(request.c);
        auto const answer = [&](double from) { return x >= from ? Answer::yes : Answer::no; };
        return {request.c,
                false,
                {answer(loss), request.sharpness ? answer(sharp) : Answer::unknown,
                 request.barrier ? answer(barrier) : Answer::unknown, answer(diverges)}};
    }
};

std::vector<Verdict> list_of(std::map<double, Verdict> const& known) {
    std::vector<Verdict> list;
    for (auto const& [c, verdict] : known) list.push_back(verdict);
    return list;
}

// Runs what is asked for, all of it or a random part of it at a time, until nothing is.
template <class Network>
std::map<double, Verdict> run(Search const& search, Network const& network, unsigned part = 0) {
    std::map<double, Verdict> known;
    std::mt19937 random(part);
    for (;;) {
        auto requests = search.next(list_of(known));
        if (requests.empty()) return known;
        if (part > 0) {
            std::shuffle(requests.begin(), requests.end(), random);
            requests.resize(1 + random() % requests.size());
        }
        for (Request const& r : requests) {
            EXPECT_FALSE(known.contains(r.c)) << "asked twice for c = " << r.c;
            known[r.c] = network(r);
        }
        EXPECT_LT(known.size(), 1000U);
    }
}

void expect_bracket(Bracket const& bracket, double truth, double resolution) {
    EXPECT_EQ(bracket.status, BracketStatus::found);
    EXPECT_LT(std::log2(bracket.low), truth);
    EXPECT_GE(std::log2(bracket.high), truth - 1e-9);
    EXPECT_LE(std::log2(bracket.high / bracket.low), resolution * (1 + 1e-9));
}

Bracket at(std::map<double, Verdict> const& known, Constant constant) {
    return constants_of(list_of(known))[static_cast<std::size_t>(constant)];
}

TEST(Search, BracketsEveryConstantToTheResolution) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> exponent(0.01, 6.9);
    for (int trial = 0; trial < 200; ++trial) {
        std::array<double, 4> x{};
        for (double& one : x) one = exponent(random);
        std::sort(x.begin(), x.end());
        bool const barrier = trial % 2 == 0;
        Truth const truth{x[0], x[1], x[2], x[3]};
        SearchSpec const spec{0, 7, 0.5, trial % 3 == 0 ? 0.0005 : 0.02};
        Search const search(spec, barrier);
        auto const known = run(search, truth);
        expect_bracket(at(known, Constant::c_max), x[3], spec.resolution);
        for (int k = 0; k < (barrier ? 3 : 2); ++k) {
            auto const bracket = at(known, static_cast<Constant>(k));
            // Crossings that lie in one interval of the lattice are not told apart.
            if (x[3] - x[static_cast<std::size_t>(k)] > spec.resolution)
                expect_bracket(bracket, x[static_cast<std::size_t>(k)], spec.resolution);
        }
        EXPECT_LE(known.size(), static_cast<std::size_t>(search.most_networks()));
        EXPECT_GE(known.size(), search.coarse().size());
    }
}

TEST(Search, WhatIsAskedDoesNotDependOnTheOrderOfAnswers) {
    Truth const truth{2.3, 2.31, never, 4.7};
    Search const search({0, 7, 0.5, 0.01}, true);
    auto const whole = run(search, truth);
    for (unsigned part = 1; part < 30; ++part) {
        auto const pieces = run(search, truth, part);
        ASSERT_EQ(pieces.size(), whole.size());
        for (auto const& [c, verdict] : whole) EXPECT_EQ(pieces.at(c).meets, verdict.meets) << c;
    }
}

TEST(Search, OpenSidesHaveTheirStatus) {
    Search const search({1, 5, 1, 0.1}, true);
    auto known = run(search, Truth{0.5, never, 1, never});
    EXPECT_EQ(at(known, Constant::c_loss).status, BracketStatus::below_range);
    EXPECT_EQ(at(known, Constant::c_sharp).status, BracketStatus::above_range);
    EXPECT_EQ(at(known, Constant::c_barrier).status, BracketStatus::below_range);
    EXPECT_EQ(at(known, Constant::c_max).status, BracketStatus::above_range);
    EXPECT_EQ(known.size(), search.coarse().size());
    known = run(search, Truth{never, never, never, 3.3});
    for (auto const constant : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier})
        EXPECT_EQ(at(known, constant).status, BracketStatus::none_below_c_max);
    expect_bracket(at(known, Constant::c_max), 3.3, 0.1);
    // Nothing was met up to c_max itself: its bracket was searched for all of them.
    EXPECT_EQ(at(known, Constant::c_sharp).low, at(known, Constant::c_max).low);
    known = run(search, Truth{never, never, never, 0});
    EXPECT_EQ(at(known, Constant::c_max).status, BracketStatus::below_range);
    EXPECT_EQ(known.size(), search.coarse().size());
}

// A crossing between the last coarse c that held and the first that diverged.
TEST(Search, FindsWhatLiesInTheBracketOfCMax) {
    Search const search({0, 6, 1, 0.05}, true);
    auto const known = run(search, Truth{3.2, 3.4, 3.6, 3.9});
    expect_bracket(at(known, Constant::c_loss), 3.2, 0.05);
    expect_bracket(at(known, Constant::c_sharp), 3.4, 0.05);
    expect_bracket(at(known, Constant::c_barrier), 3.6, 0.05);
    expect_bracket(at(known, Constant::c_max), 3.9, 0.05);
}

TEST(Search, AsksForNothingThatNoConstantNeeds) {
    Search const search({0, 6, 1, 0.05}, false);
    int asked = 0, sharpness = 0;
    run(search, [&](Request const& r) {
        EXPECT_FALSE(r.barrier);
        double const x = std::log2(r.c);
        if (std::fmod(x, 1) != 0) {
            ++asked;
            sharpness += r.sharpness;
            EXPECT_EQ(r.sharpness, x > 3 && x < 4) << x;
        }
        return Truth{2.5, 3.5, never, 4.5}(r);
    });
    EXPECT_EQ(asked, 3 * sharpness);
}

TEST(Search, CriteriaThatAreNotMonotoneEndAndAreReported) {
    Search const search({0, 6, 0.5, 0.02}, true);
    auto known = run(search, [](Request const& r) {
        double const x = std::log2(r.c);
        bool const rises = (x > 2.2 && x < 2.6) || x > 4;
        return Verdict{r.c, false, {rises ? Answer::yes : Answer::no, Answer::no, Answer::no,
                                    x > 5 ? Answer::yes : Answer::no}};
    });
    auto const c_loss = at(known, Constant::c_loss);
    EXPECT_EQ(c_loss.status, BracketStatus::not_monotone);
    EXPECT_LE(std::log2(c_loss.high / c_loss.low), 0.02);
    for (unsigned seed = 1; seed < 200; ++seed) {  // any answers at all
        std::mt19937 random(seed);
        known = run(search, [&](Request const& r) {
            Verdict verdict{r.c, false, {}};
            for (Answer& answer : verdict.meets) answer = static_cast<Answer>(random() % 3);
            return verdict;
        });
    }
}

TEST(Search, TheLatticeIsExact) {
    Search const search({0, 7, 0.5, 0.02}, false);
    EXPECT_EQ(search.coarse().size(), 15U);
    EXPECT_EQ(search.coarse()[2], 2);
    EXPECT_EQ(search.most_networks(), 15 + 3 * (3 + 3 + 1));
    Search const uneven({-0.3, 1, 0.4, 3}, false);
    EXPECT_EQ(uneven.coarse().size(), 5U);
    EXPECT_EQ(uneven.most_networks(), 5);
    EXPECT_EQ(uneven.coarse().back(), 2);
    // What is not on the lattice, as in a file of another study, is left alone.
    Verdict const stranger{3.3, false, {Answer::yes, Answer::yes, Answer::yes, Answer::yes}};
    EXPECT_EQ(uneven.next({stranger}).size(), 5U);
}

}  // namespace
}  // namespace sg
