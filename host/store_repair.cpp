// SPDX-License-Identifier: MIT
// The library's own tool clears the flag of a killed file in place, after which a wrong end of the
// file is a truncation for every reader. Here the committed rows, held against their checksum, go
// to a new file.
#include "host/store.hpp"
#include "host/store_rows.hpp"
#include "host/store_write.hpp"

namespace sg {

std::optional<std::size_t> repair_store(OutputLock const& lock) {
    StoredStudy study = read_store(lock.path(), Killed::read);
    if (study.closed) return std::nullopt;
    RowsByPoint sorted;
    sorted.add(std::move(study.rows), study.margins);
    auto const [rows, margins] = sorted.take_sorted();
    write_closed(lock.path(),
                 {study, rows, margins, StudyState::stopped, study.audit, study.end_time});
    return rows.size();
}

}  // namespace sg
