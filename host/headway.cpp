// SPDX-License-Identifier: MIT
#include "host/headway.hpp"

#include <algorithm>
#include <ctime>
#include <limits>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/todo.hpp"

namespace sg {

namespace {

// The images may be on another machine; those of either set have one size.
DatasetShape shape_of(DataSpec const& spec) {
    try {
        return dataset_shape(spec);
    } catch (DataError const&) {
        return {60000, 784, 10};
    }
}

}  // namespace

Outlook::Outlook(FileHead const& head) {
    SliceLimit const limit{1, std::numeric_limits<std::size_t>::max()};
    try {
        study_ = parse_study(head.yaml_resolved, head.title);
        shard_ = choose_shard(head.shard, [](char const*) -> char const* { return nullptr; }).shard;
        cohorts_ =
            make_cohorts(*study_, shape_of(study_->data), Space::cpu, Precision::single, limit);
        work_ = Todo(*study_, cohorts_, shard_).flops();
    } catch (Fault const&) {  // of another version, or of no version
        study_.reset();
    }
}

std::optional<Headway> Outlook::headway(std::vector<Trajectory> const& rows) const {
    if (!study_) return {};
    try {
        Todo const todo(*study_, cohorts_, shard_, rows);
        Headway headway{todo.networks(), work_, std::min(todo.flops(), work_), {}};
        for (Cohort const& cohort : cohorts_) {
            std::set<double> any;
            for (std::uint64_t const seed : study_->seeds)
                for (Request const& request : todo.requests(cohort, seed)) any.insert(request.c);
            auto const& variant = study_->variants.at(static_cast<std::size_t>(cohort.variant));
            for (double const c : any)
                headway.awaited.push_back({cohort.spec.depth, cohort.spec.width, variant.swept, c});
        }
        return headway;
    } catch (InternalError const&) {  // its rows are not of the study that it names
        return {};
    }
}

void Pace::begin(double time, double left) {
    first_time_ = time_ = time;
    first_left_ = left_ = left;
}

void Pace::see(double time, double left) {
    if (std::isnan(first_time_) || left > left_) return begin(time, left);
    time_ = time;
    left_ = left;
}

double Pace::seconds_left(double now, double work) const {
    double const done = first_left_ - left_, seconds = time_ - first_time_;
    if (!(done > 0.01 * work && seconds > 0)) return missing;
    return std::max(0.0, left_ * seconds / done - (now - time_));
}

double begin_of_run(FileHead const& head) {
    std::string const line = head.history.substr(head.history.rfind('\n') + 1);
    std::tm parts{};
    if (!strptime(line.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts)) return missing;
    return static_cast<double>(timegm(&parts));
}

bool is_first_run(FileHead const& head) { return head.history.find('\n') == std::string::npos; }

}  // namespace sg
