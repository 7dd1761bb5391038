// SPDX-License-Identifier: MIT
#include "host/checkpoint.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include "cuda/exec/error.hpp"
#include "host/bytes.hpp"
#include "host/schema.hpp"

namespace sg {

namespace {

constexpr std::string_view magic = "sgckpt02";
constexpr std::size_t digest_size = 64;

// Every member of a trajectory, as the output file knows them.
template <class Row, class Visit>
void each_member(Row& row, Visit visit) {
    auto const by_pointer = [&](auto member) { visit(row.*member); };
    for (schema::RunField const& field : schema::run_fields()) std::visit(by_pointer, field.member);
    for (schema::StepField const& field : schema::step_fields())
        std::visit(by_pointer, field.member);
    visit(row.swept);
}

template <class Row, class Visit>
void each_spectrum_member(Row& row, Visit visit) {
    auto const by_pointer = [&](auto member) { visit(row.*member); };
    for (schema::StepField const& field : schema::spectrum_fields())
        std::visit(by_pointer, field.member);
}

// The members of a head before its rows, and after them.
template <class Head, class Visit>
void each_first(Head& head, Visit visit) {
    visit(head.key);
    visit(head.variant);
    visit(head.depth);
    visit(head.width);
    visit(head.step);
    visit(head.value_bytes);
    visit(head.state_values);
    visit(head.audit.measurements);
    visit(head.audit.misses);
    visit(head.audit.worst);
}
template <class Head, class Visit>
void each_last(Head& head, Visit visit) {
    visit(head.wanted);
    visit(head.living);
    visit(head.last);
}

void demand(bool holds, char const* what) {
    if (!holds) throw DataError(what);
}

void check_rows(CheckpointHead const& head) {
    demand(!head.rows.empty(), "it has no networks");
    std::size_t const entries = head.rows.front().loss.size();
    demand(head.step >= 0 && static_cast<std::size_t>(head.step) < entries, "its step is none");
    for (Trajectory const& row : head.rows) {
        demand(row.depth == head.depth && row.width == head.width, "its networks differ in shape");
        for (schema::StepField const& field : schema::step_fields())
            std::visit(
                [&](auto member) {
                    demand((row.*member).size() == entries, "its networks differ in length");
                },
                field.member);
    }
}

void check_living(CheckpointHead const& head) {
    demand(head.wanted.size() == head.rows.size(), "it does not say what its networks show");
    demand(2 * head.living.size() == head.last.size(), "its states are not told");
    std::int32_t before = -1;
    for (std::int32_t const row : head.living) {
        demand(row > before && static_cast<std::size_t>(row) < head.rows.size(),
               "its states belong to no network");
        before = row;
    }
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max() / 8;
    demand((head.value_bytes == 4 || head.value_bytes == 8) &&
               head.state_values < most / (head.living.size() + 1),
           "its states are of no size");
}

}  // namespace

std::string encode(CheckpointHead const& head) {
    ByteWriter out;
    auto const add = [&](auto const& value) { out.add(value); };
    each_first(head, add);
    out.add(static_cast<std::uint64_t>(head.rows.size()));
    for (Trajectory const& row : head.rows) each_member(row, add);
    each_last(head, add);
    if (!head.rows.empty() && !head.rows.front().spectrum_status.empty())
        for (Trajectory const& row : head.rows) each_spectrum_member(row, add);
    return out.bytes();
}

CheckpointHead decode_checkpoint_head(std::string_view bytes) {
    CheckpointHead head;
    ByteReader in(bytes.data(), bytes.size());
    auto const read = [&](auto& value) { in.read(value); };
    each_first(head, read);
    std::uint64_t rows = 0;
    in.read(rows);
    demand(rows <= bytes.size() / sizeof(double), "it is too short");
    for (std::uint64_t k = 0; k < rows; ++k) each_member(head.rows.emplace_back(), read);
    each_last(head, read);
    if (!in.at_end())
        for (Trajectory& row : head.rows) each_spectrum_member(row, read);
    demand(in.at_end(), "its head is too long");
    check_rows(head);
    check_living(head);
    return head;
}

Checkpoint::Checkpoint(std::string const& path) : path_(path) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    try {
        if (descriptor_ < 0) throw DataError(std::strerror(errno));
        verify();
    } catch (DataError const& error) {
        if (descriptor_ >= 0) ::close(descriptor_);
        throw DataError("cannot go on from " + path + ": " + error.what());
    }
}

Checkpoint::~Checkpoint() { ::close(descriptor_); }

void Checkpoint::read_at(std::size_t offset, void* to, std::size_t bytes) const {
    auto* at = static_cast<char*>(to);
    while (bytes > 0) {
        ssize_t const count = ::pread(descriptor_, at, bytes, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw DataError(path_ + ": " + std::strerror(errno));
        if (count == 0) throw DataError("it is too short");
        at += count;
        offset += static_cast<std::size_t>(count);
        bytes -= static_cast<std::size_t>(count);
    }
}

void Checkpoint::verify() {
    struct stat file {};
    demand(::fstat(descriptor_, &file) == 0 && S_ISREG(file.st_mode), "it is not a regular file");
    auto const size = static_cast<std::size_t>(file.st_size);
    std::uint64_t head_size = 0;
    std::size_t const before = magic.size() + sizeof head_size;
    demand(size >= before + digest_size, "it is too short");
    std::size_t const summed = size - digest_size;
    Sha256 sum;
    std::vector<char> part(std::size_t{1} << 20);
    for (std::size_t at = 0; at < summed; at += part.size()) {
        auto const count = std::min(part.size(), summed - at);
        read_at(at, part.data(), count);
        sum.add(part.data(), count);
    }
    std::string stated(digest_size, '\0'), start(magic.size(), '\0');
    read_at(summed, stated.data(), stated.size());
    read_at(0, start.data(), start.size());
    demand(start == magic, "it is not a checkpoint of this version");
    demand(sum.hex() == stated, "it is damaged (its SHA-256 differs)");
    read_at(magic.size(), &head_size, sizeof head_size);
    demand(head_size <= summed - before, "it is too short");
    std::string head(head_size, '\0');
    read_at(before, head.data(), head.size());
    head_ = decode_checkpoint_head(head);
    states_at_ = before + head.size();
    demand((summed - states_at_) == head_.living.size() * head_.state_bytes(),
           "its states are of another size");
}

void Checkpoint::read_state(std::size_t k, std::size_t first, void* to, std::size_t bytes) const {
    SG_EXPECT(k < head_.living.size() && first + bytes <= head_.state_bytes());
    read_at(states_at_ + k * head_.state_bytes() + first, to, bytes);
}

std::shared_ptr<Checkpoint const> open_checkpoint(std::string const& path) {
    for (std::string const& name : {path, previous_checkpoint(path)}) {
        std::error_code ignored;
        if (!std::filesystem::exists(name, ignored)) continue;
        try {
            return std::make_shared<Checkpoint const>(name);
        } catch (DataError const& error) {
            spdlog::warn("{}", error.what());
        }
    }
    return nullptr;
}

CheckpointWriter::CheckpointWriter(std::string const& path, CheckpointHead const& head)
    : path_(path), file_(path), missing_(head.living.size() * head.state_bytes()) {
    descriptor_ = ::open(file_.temporary().c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor_ < 0)
        throw ResourceError("cannot write " + file_.temporary() + ": " + std::strerror(errno));
    std::string const encoded = encode(head);
    std::uint64_t const size = encoded.size();
    put(magic.data(), magic.size());
    put(&size, sizeof size);
    put(encoded.data(), encoded.size());
}

CheckpointWriter::~CheckpointWriter() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void CheckpointWriter::put(void const* bytes, std::size_t count) {
    sum_.add(bytes, count);
    write(bytes, count);
}

void CheckpointWriter::write(void const* bytes, std::size_t count) {
    auto const* at = static_cast<char const*>(bytes);
    while (count > 0) {
        ssize_t const written = ::write(descriptor_, at, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0)
            throw ResourceError("cannot write " + file_.temporary() + ": " + std::strerror(errno));
        at += written;
        count -= static_cast<std::size_t>(written);
    }
}

void CheckpointWriter::add(void const* bytes, std::size_t count) {
    SG_EXPECT(count <= missing_);
    missing_ -= count;
    put(bytes, count);
}

void CheckpointWriter::publish() {
    SG_EXPECT(missing_ == 0);
    std::string const digest = sum_.hex();
    write(digest.data(), digest.size());
    int const closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0)
        throw ResourceError("cannot write " + file_.temporary() + ": " + std::strerror(errno));
    file_.sync();
    // Between the two renames only the one before is there, which is good as well.
    std::string const previous = previous_checkpoint(path_);
    if (::rename(path_.c_str(), previous.c_str()) != 0 && errno != ENOENT)
        throw ResourceError("cannot write " + previous + ": " + std::strerror(errno));
    file_.publish();
}

}  // namespace sg
