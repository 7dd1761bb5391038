// SPDX-License-Identifier: MIT
// How far a study is, from its file alone: the file keeps its study, and a study says what is
// missing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/cohort.hpp"
#include "host/shard.hpp"
#include "host/store.hpp"

namespace sg {

// A network of any seed that is under way, or for which nothing else is waited.
struct Awaited {
    int depth = 0, width = 0;
    std::vector<double> swept;
    double c = missing;
};

struct Headway {
    std::int64_t networks = 0;  // of the file when it is complete; of a search, about
    double work = 0;            // flop of all of them; of a search, about
    double left = 0;            // flop of those that are missing; of a search, about
    std::vector<Awaited> awaited;
};

// What is to be expected of the file of one study.
class Outlook {
public:
    explicit Outlook(FileHead const& head);

    std::optional<Study> const& study() const { return study_; }  // none: it cannot be read here
    std::optional<Headway> headway(std::vector<Trajectory> const& rows) const;

private:
    std::optional<Study> study_;
    Shard shard_;
    std::vector<Cohort> cohorts_;
    double work_ = 0;
};

// How fast the work becomes less. An estimate of a search that is wrong by a factor is wrong in its
// speed by the same one, so the time holds.
class Pace {
public:
    void begin(double time, double left);  // in s since 1970, flop
    void see(double time, double left);    // at a commit
    // Missing until a hundredth of `work` was seen done.
    double seconds_left(double now, double work) const;

private:
    double first_time_ = missing, first_left_ = missing;
    double time_ = missing, left_ = missing;
};

// In s since 1970, when the run that writes the file began; its history has a line for each run.
double begin_of_run(FileHead const& head);
bool is_first_run(FileHead const& head);

}  // namespace sg
