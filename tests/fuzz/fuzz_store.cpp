// SPDX-License-Identifier: MIT
// Byte 0: bit 0 makes the file one that is streamed, bit 1 flags it as its writer was killed, bit 2
// takes the rest of the input as the file itself. Then the input says, in this order: edits of rows
// (what has a right checksum and still makes no sense), of the commit record, of the file
// (edits.hpp), and of its bytes.
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/continuation.hpp"
#include "host/figure.hpp"
#include "host/hdf5_append.hpp"
#include "host/problems.hpp"
#include "host/schema.hpp"
#include "host/store_merge.hpp"
#include "host/store_write.hpp"
#include "host/tables.hpp"
#include "host/watch_view.hpp"
#include "tests/fuzz/edits.hpp"
#include "tests/host/trajectories.hpp"

namespace sg::fuzz {

namespace {

Study const& study() {
    static Study const study = parse_study(
        "study: fuzz\n"
        "model: {depth: 2, width: 16, activation: [relu, tanh]}\n"
        "training: {steps: 4, momentum: [0, 0.9]}\n"
        "grid: {c: [1, 2]}\n",
        "study.yaml");
    return study;
}

Provenance provenance() {
    Provenance from;
    from.precision = "float";
    from.command = "fuzz";
    return from;
}

std::vector<Trajectory> sound_rows() {
    std::vector<Trajectory> rows;
    for (Variant const& variant : study().variants)
        for (double const c : study().c) {
            rows.push_back(test::network(c));
            rows.back().swept = variant.swept;
        }
    return rows;
}

// The files of this process, and a watch on the one that nothing may open.
struct Place {
    test::TemporaryFolder folder;
    std::string file = folder.path("study.h5"), merged = folder.path("merged.h5"),
                other = folder.write("other.h5", "not to be read");
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    Place() { inotify_add_watch(watch, other.c_str(), IN_OPEN | IN_MODIFY); }
    ~Place() { close(watch); }
    bool other_was_touched() const {
        char events[4096];
        return read(watch, events, sizeof events) > 0;
    }
};

template <class T>
void set(T& to, std::uint64_t bits) {
    if constexpr (std::is_same_v<T, double>)
        std::memcpy(&to, &bits, sizeof to);
    else
        to = static_cast<T>(bits);
}

// Statuses keep to their codes: others cannot be written, and edits of the file make them.
void set(RunStatus& to, std::uint64_t bits) { to = static_cast<RunStatus>(bits % 5); }
void set(SharpnessStatus& to, std::uint64_t bits) { to = static_cast<SharpnessStatus>(bits % 5); }

void edit_row(Trajectory& row, Choices& choices) {
    std::size_t const fields = schema::run_fields().size(), steps = schema::step_fields().size();
    std::size_t const field = choices.below(fields + steps + 1), at = choices.byte();
    std::uint64_t const bits = choices.word();
    if (field < fields)
        std::visit([&](auto member) { set(row.*member, bits); },
                   schema::run_fields()[field].member);
    else if (field < fields + steps)
        std::visit([&](auto member) { set((row.*member)[at % (row.*member).size()], bits); },
                   schema::step_fields()[field - fields].member);
    else
        row.swept[at % row.swept.size()] = at % 4 < 2 ? at % 2 : 0.9;
}

void write_record(std::string const& path, Choices& choices) {
    schema::CommitRecord record;
    record.sequence = choices.byte();
    record.rows = choices.below(16) == 0 ? choices.word() : choices.below(12);
    record.checksum = choices.word();
    record.audit.worst = record.sequence;
    h5::Session const session;
    h5::Appender file(path);
    file.write(schema::record_variables[record.sequence % 2], 0, schema::packed(record));
    file.flush();
    file.close();
}

std::string bytes_of(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void edit_bytes(std::string& bytes, Choices& choices) {
    while (choices.more() && !bytes.empty()) {
        std::size_t const at = choices.word() >> 44U;  // 20 bits
        if (at >= bytes.size() && choices.below(4) == 0) bytes.resize(at % (bytes.size() + 4096));
        if (!bytes.empty()) bytes[at % bytes.size()] = static_cast<char>(choices.byte());
    }
}

void write_rows(std::string const& path, bool streamed, std::vector<Trajectory> const& rows) {
    FileHead const head = head_of(study(), provenance(), "2026-01-01T00:00:00Z");
    std::vector<double> const margins(rows.size(), 0);
    Growth const growth = streamed ? Growth{16, 8} : Growth{};
    write_closed(path, {head, rows, margins, StudyState::stopped, {}, 0, growth});
}

// Most inputs edit no row: what they begin with is made once.
void write_sound(Place const& place, bool streamed) {
    static std::array<std::string, 2> made;
    std::string& bytes = made[streamed];
    if (bytes.empty()) {
        write_rows(place.file, streamed, sound_rows());
        bytes = bytes_of(place.file);
    }
    place.folder.write("study.h5", bytes);
}

void make_file(Place const& place, Choices& choices) {
    unsigned const form = choices.byte();
    bool const streamed = form & 1U, flagged = form & 2U, raw = form & 4U;
    std::filesystem::remove(place.file);
    if (raw) {
        place.folder.write("study.h5", text_of(choices.rest()));
        return;
    }
    std::size_t const edits = choices.below(8);
    if (edits == 0) {
        write_sound(place, streamed);
    } else {
        auto rows = sound_rows();
        for (std::size_t k = 0; k < edits; ++k) edit_row(rows[choices.below(rows.size())], choices);
        rows.resize(choices.below(4) == 3 ? choices.below(rows.size()) : rows.size());
        write_rows(place.file, streamed, rows);
    }
    if (streamed && choices.below(4) == 3) write_record(place.file, choices);
    edit_file(place.file, place.other, choices);
    if (!flagged && !choices.more()) return;
    std::string bytes = flagged ? flagged_bytes(place.file) : bytes_of(place.file);
    edit_bytes(bytes, choices);
    place.folder.write("study.h5", bytes);
}

void analyse(StoredStudy const& study) {
    auto const points = find_constants(study.rows, study.margins);
    auto const shapes = summarise(points);
    std::ostringstream text, json;
    print_constants(text, study, points, shapes);
    write_csv(text, study, points);
    text << phase_diagram_svg(study, points, shapes);
    for (std::string const& line : snapshot({"study.h5", study, {}, {}}, 80)) text << line << '\n';
    write_json(json, study, points);
    demand(first_bad_byte(json.str()) == std::string::npos, "JSON is UTF-8");
    demand(first_bad_byte(text.str()) == std::string::npos, "no control characters on a terminal");
}

void go_on_with(Place const& place) {
    StoredStudy kept;
    try {
        kept = take_up(place.file, study(), "float", {});
    } catch (UserError const&) {
        return;
    }
    OutputLock const lock(place.merged);
    Store(lock, study(), provenance(), std::move(kept)).close(StudyState::stopped);
    std::filesystem::remove(place.merged);
}

void merge(Place const& place) {
    try {
        OutputLock const lock(place.merged);
        merge_stores({place.file}, lock, true);
    } catch (UserError const&) {
    } catch (DataError const&) {
    }
    std::filesystem::remove(place.merged);
}

void read_every_way(Place const& place) {
    StoredStudy study;
    try {
        study = read_store(place.file, Killed::read);
    } catch (DataError const&) {
        return;  // the others read it in the same way
    }
    analyse(study);
    go_on_with(place);
    merge(place);
    OutputLock const lock(place.file);
    auto const repaired = repair_store(lock);
    demand(repaired.has_value() != study.closed, "what is closed needs no repair");
    StoredStudy const again = read_store(place.file);
    demand(again.closed && again.rows.size() == study.rows.size(), "a repaired file is whole");
}

}  // namespace

void store(Bytes input) {
    static Place const place;
    Choices choices(input);
    make_file(place, choices);
    place.other_was_touched();  // the library looks at it when a link is made
    read_every_way(place);
    demand(!place.other_was_touched(), "no other file is opened");
}

}  // namespace sg::fuzz
