// SPDX-License-Identifier: MIT
#include "host/store_stream.hpp"

#include <numeric>

#include "host/store_arrays.hpp"

namespace sg {

namespace {

h5::Appender begin_streaming(std::string const& path) {
    h5::Session const session;
    return h5::Appender(path);
}

}  // namespace

RowStream::RowStream(std::string const& path, FileContent const& begun)
    : file_(begin_streaming(path)), swept_(begun.head.swept), spectrum_(begun.head.spectrum),
      rows_(begun.rows.size()) {
    for (std::size_t k = 0; k < begun.rows.size(); ++k)
        checksum_.add(begun.rows[k], begun.margins[k]);
    h5::Session const session;
    file_.flush();
}

void RowStream::commit(std::vector<Trajectory> const& rows, std::vector<double> const& margins,
                       std::vector<PlacedPoint> const& points, AuditTally const& audit,
                       double time) {
    h5::Session const session;
    auto const write = [&](auto const& variable, auto const& values) {
        file_.write(variable.name, rows_, values);
    };
    schema::visit_runs(rows, margins, swept_, spectrum_, write);
    for (PlacedPoint const& placed : points) {
        std::uint64_t const index = placed.index;
        schema::visit_points({placed.point}, swept_, [&](auto const& variable, auto const& values) {
            file_.write(variable.name, index, values);
        });
        file_.write("point", index, std::vector{static_cast<std::int64_t>(index)});
    }
    std::vector<std::int64_t> numbers(rows.size());
    std::iota(numbers.begin(), numbers.end(), static_cast<std::int64_t>(rows_));
    file_.write("run", rows_, numbers);
    for (std::size_t k = 0; k < rows.size(); ++k) checksum_.add(rows[k], margins[k]);
    rows_ += rows.size();
    file_.flush();
    write_record(audit, time);
    file_.flush();
}

// The scalars are for readers beside the run; the record is what a recovery goes by.
void RowStream::write_record(AuditTally const& audit, double time) {
    schema::CommitRecord const record{++sequence_, rows_, checksum_.value(), audit};
    file_.write("audit_measurements", 0, std::vector{audit.measurements});
    file_.write("audit_misses", 0, std::vector{audit.misses});
    file_.write("audit_worst", 0, std::vector{audit.worst});
    file_.write("end_time", 0, std::vector{time});
    file_.write("commit_checksum", 0, std::vector{record.checksum});
    file_.write("committed_rows", 0, std::vector{static_cast<std::int64_t>(rows_)});
    file_.write(schema::record_variables[sequence_ % 2], 0, schema::packed(record));
}

void RowStream::close() {
    h5::Session const session;
    file_.close();
}

}  // namespace sg
