// SPDX-License-Identifier: MIT
// Rows and points into a file that is streamed, commit by commit.
#pragma once

#include <string>
#include <vector>

#include "host/hdf5_append.hpp"
#include "host/schema.hpp"
#include "host/store_write.hpp"

namespace sg {

// A point and its place in the file.
struct PlacedPoint {
    std::uint64_t index;
    Point point;
};

// Holds h5::Session in each call. After an h5::Error nothing may be called any more.
class RowStream {
public:
    RowStream(std::string const& path, FileContent const& begun);  // as write_file made it

    // The rows and points, then the record, each on the disk before the next is written.
    void commit(std::vector<Trajectory> const& rows, std::vector<double> const& margins,
                std::vector<PlacedPoint> const& points, AuditTally const& audit, double time);
    void close();  // writes nothing but the end of the file

private:
    void write_record(AuditTally const& audit, double time);

    h5::Appender file_;
    std::vector<SweptKey> swept_;
    SpectrumSpec spectrum_;
    std::uint64_t rows_;
    schema::RowChecksum checksum_;
    std::uint64_t sequence_ = 0;
};

}  // namespace sg
