// SPDX-License-Identifier: MIT
#include "host/store.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <mutex>
#include <new>
#include <optional>
#include <tuple>

#include "cuda/exec/error.hpp"
#include "host/hdf5.hpp"
#include "host/output_file.hpp"
#include "host/schema.hpp"
#include "host/store_write.hpp"

namespace sg {

namespace {

double seconds_since_1970() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

std::string iso_8601_now() {
    std::time_t const now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

// One NaN for all: 0/0 and a missing value differ in bits, and equal studies have equal files.
void normalise_nan(Trajectory& row) {
    auto const normalise = [](double& value) {
        if (std::isnan(value)) value = missing;
    };
    auto const each_member = [&](auto member) {
        using T = std::decay_t<decltype(row.*member)>;
        if constexpr (std::is_same_v<T, double>) normalise(row.*member);
        if constexpr (std::is_same_v<T, std::vector<double>>)
            for (double& value : row.*member) normalise(value);
    };
    for (schema::RunField const& field : schema::run_fields())
        std::visit(each_member, field.member);
    for (schema::StepField const& field : schema::step_fields())
        std::visit(each_member, field.member);
}

void check_row(Trajectory const& row, Study const& study) {
    SG_EXPECT(std::isfinite(row.c) && row.c > 0);
    SG_EXPECT(row.swept.size() == study.swept.size());
    for (double const value : row.swept) SG_EXPECT(std::isfinite(value));
    auto const entries = static_cast<std::size_t>(study.steps) + 1;
    for (schema::StepField const& field : schema::step_fields())
        std::visit([&](auto member) { SG_EXPECT((row.*member).size() == entries); }, field.member);
}

// ε of c_sharp: as the study says, else larger where the top of the Hessian is nearly K-fold.
double margin_of(Trajectory const& row, Study const& study) {
    if (study.sharpness.c_sharp_margin >= 0) return study.sharpness.c_sharp_margin;
    for (Variant const& variant : study.variants)
        if (variant.swept == row.swept) return variant.last_layer == LastLayer::zero ? 0.05 : 0;
    return 0;
}

auto order_of(Trajectory const& row) {
    return std::tie(row.depth, row.width, row.seed, row.swept, row.c);
}

}  // namespace

struct Store::Impl {
    Impl(std::string const& path, Study const& of, Provenance const& from)
        : file(path), study(of), provenance(from), start_time(iso_8601_now()) {}

    OutputFile file;
    Study study;
    Provenance provenance;
    std::string start_time;
    std::mutex mutex;
    std::vector<Trajectory> rows;
    bool closed = false;
};

Store::Store(std::string const& path, Study const& study, Provenance const& provenance)
    : impl_(std::make_unique<Impl>(path, study, provenance)) {}

Store::~Store() = default;

void Store::append(Trajectory row) {
    check_row(row, impl_->study);
    normalise_nan(row);
    std::scoped_lock const lock(impl_->mutex);
    SG_EXPECT(!impl_->closed);
    impl_->rows.push_back(std::move(row));
}

void Store::close(StudyState state, AuditTally const& audit) {
    std::scoped_lock const lock(impl_->mutex);
    SG_EXPECT(!impl_->closed);
    impl_->closed = true;
    auto& rows = impl_->rows;
    std::sort(rows.begin(), rows.end(),
              [](Trajectory const& a, Trajectory const& b) { return order_of(a) < order_of(b); });
    // The same network twice would make the order of the rows a matter of chance.
    SG_EXPECT(
        std::adjacent_find(rows.begin(), rows.end(), [](Trajectory const& a, Trajectory const& b) {
            return order_of(a) == order_of(b);
        }) == rows.end());
    std::vector<double> margins;
    for (Trajectory const& row : rows) margins.push_back(margin_of(row, impl_->study));
    try {
        auto const image = file_image({impl_->study, impl_->provenance, rows, margins, state, audit,
                                       impl_->start_time, seconds_since_1970()});
        impl_->file.commit(image->bytes());
    } catch (std::bad_alloc const&) {
        throw ResourceError("not enough memory to write " + std::to_string(rows.size()) +
                            " networks");
    } catch (h5::Error const& error) {
        throw InternalError(std::string("the output file could not be made: ") + error.what());
    }
}

}  // namespace sg
