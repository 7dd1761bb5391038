// SPDX-License-Identifier: MIT
// The search for the critical constants of one point: which c to run next, from what is known. A coarse
// grid first; then, level by level, every bracket that is wider than asked is cut by interior points. Every c
// lies on a lattice, and what is asked follows from the verdicts alone, level by level: so it is the same
// whatever order the networks end in, and after a stop.
#pragma once

#include <vector>

#include "host/analysis.hpp"

namespace sg {

// log2 c from log2_min to log2_max.
struct SearchSpec {
    double log2_min = 0, log2_max = 7;
    double step = 0.5;         // of the coarse grid, at most
    double resolution = 0.02;  // a bracket is as narrow, in log2 c
};

// A network to be run, and what it has to show besides its losses.
struct Request {
    double c = missing;
    bool sharpness = false;  // whether λ rises, from step to step until it does
    bool barrier = false;
};

class Search {
public:
    // barrier: c_barrier is searched for, too.
    Search(SearchSpec const& spec, bool barrier);

    std::vector<double> const& coarse() const { return coarse_; }  // ascending
    // The most c that one point can take when every criterion is monotone.
    int most_networks() const;

    // What is missing of the first level that is not complete; empty: the constants are found.
    // known: ascending in c; c that are not on the lattice are left alone
    std::vector<Request> next(std::vector<Verdict> const& known) const;

private:
    using Position = long long;  // on the finest lattice
    double c_at(Position position) const;
    Position position_of(double c) const;
    struct Wanted;
    std::vector<Wanted> level(int number, std::vector<Verdict> const& seen) const;

    bool barrier_;
    double first_, unit_;             // log2 c of position 0, and between two positions
    Position end_;                    // the last position
    std::vector<Position> spacing_;   // of each level
    std::vector<double> coarse_;
};

}  // namespace sg
