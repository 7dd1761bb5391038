// SPDX-License-Identifier: MIT
// Files that are read beside their writer, and files whose writer was killed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "cuda/exec/error.hpp"
#include "host/schema.hpp"
#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

namespace fs = std::filesystem;

// A process that streams one point for each call of next(), then waits to be killed.
class Writer {
public:
    explicit Writer(std::string const& path) : path_(path) {
        if (pipe(pipe_) != 0) throw std::runtime_error("pipe");
        process_ = fork();
        if (process_ == 0) stream();
    }
    ~Writer() {
        kill();
        close(pipe_[0]);
        close(pipe_[1]);
    }

    // Returns when the point is committed, as a reader beside the writer sees it.
    StoredStudy next() {
        EXPECT_EQ(write(pipe_[1], "x", 1), 1);
        std::size_t const wanted = 8 * static_cast<std::size_t>(++points_);
        for (;;) {
            EXPECT_EQ(waitpid(process_, nullptr, WNOHANG), 0) << "the writer ended";
            if (!fs::exists(path_) || !is_locked(path_)) continue;
            StoredStudy study = read_store(path_);
            if (study.rows.size() >= wanted) return study;
        }
    }
    void kill() {
        if (process_ > 0) ::kill(process_, SIGKILL);
        if (process_ > 0) waitpid(process_, nullptr, 0);
        process_ = -1;
    }

private:
    [[noreturn]] void stream() {
        OutputLock const lock(path_);
        Store store(lock, test::study(), {}, {}, {1, 0});
        char byte = 0;
        for (std::uint64_t seed = 9; read(pipe_[0], &byte, 1) == 1; --seed)
            store.append(test::point(2, 3, 4, 6, 2, 16, seed),
                         {10, 1, 1e-2 / static_cast<double>(seed)});
        _exit(1);
    }

    std::string path_;
    int pipe_[2] = {-1, -1};
    int points_ = 0;
    pid_t process_ = -1;
};

std::string contents(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string refusal(std::string const& path) {
    try {
        read_store(path);
    } catch (DataError const& error) {
        return error.what();
    }
    return "";
}

TEST(StoreStream, IsReadWhileItIsWritten) {
    test::TemporaryFolder const folder;
    Writer writer(folder.path("run.h5"));
    for (std::size_t points = 1; points <= 3; ++points) {
        StoredStudy const study = writer.next();
        EXPECT_FALSE(study.closed);
        EXPECT_EQ(study.state, StudyState::running);
        ASSERT_EQ(study.rows.size(), 8 * points);
        EXPECT_EQ(study.rows.back().seed, 10 - points);  // in the order of the commits
        EXPECT_EQ(study.audit.measurements, static_cast<std::int64_t>(10 * points));
    }
}

TEST(StoreStream, KeepsWhatWasCommittedThroughAKill) {
    test::TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    Writer writer(path);
    writer.next();
    StoredStudy const before = writer.next();
    writer.kill();
    std::string const bytes = contents(path);
    EXPECT_NE(refusal(path).find("sharpgrid repair " + path), std::string::npos) << refusal(path);
    StoredStudy const after = read_store(path, Killed::read);
    EXPECT_EQ(schema::checksum(after.rows, after.margins),
              schema::checksum(before.rows, before.margins));
    EXPECT_EQ(after.audit.misses, 2);
    EXPECT_EQ(contents(path), bytes);
}

TEST(StoreStream, IsRepairedToAClosedFile) {
    test::TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    Writer writer(path);
    writer.next();
    writer.next();
    writer.kill();
    OutputLock const lock(path);
    EXPECT_EQ(repair_store(lock), std::optional<std::size_t>(16));
    StoredStudy const study = read_store(path);
    EXPECT_TRUE(study.closed);
    EXPECT_EQ(study.state, StudyState::stopped);
    ASSERT_EQ(study.rows.size(), 16U);
    EXPECT_EQ(study.rows.front().seed, 8U);  // sorted
    EXPECT_EQ(study.audit.worst, 1e-2 / 8);
    std::string const bytes = contents(path);
    EXPECT_EQ(repair_store(lock), std::nullopt);
    EXPECT_EQ(contents(path), bytes);
}

TEST(StoreStream, GoesOnFromWhatIsKept) {
    test::TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    Writer writer(path);
    writer.next();
    writer.kill();
    {
        OutputLock const lock(path);
        Store store(lock, test::study(), {}, read_store(path, Killed::read));
        store.append(test::point(2, 3, 4, 6, 2, 16, 3), {5, 0, 1});
        store.close(StudyState::complete);
        EXPECT_EQ(store.audit().measurements, 15);
    }
    StoredStudy const study = read_store(path);
    ASSERT_EQ(study.rows.size(), 16U);
    EXPECT_EQ(study.rows.front().seed, 3U);
    EXPECT_EQ(study.audit.worst, 1);
    EXPECT_NE(study.history.find('\n'), std::string::npos) << study.history;
}

// Finds a commit record in the bytes of a file.
std::size_t place_of(StoredStudy const& study, std::uint64_t sequence, std::string const& bytes) {
    auto const record = schema::packed(
        {sequence, study.rows.size(), schema::checksum(study.rows, study.margins), study.audit});
    std::string wanted(record.size() * 8, '\0');
    std::memcpy(wanted.data(), record.data(), wanted.size());
    return bytes.find(wanted);
}

TEST(StoreStream, FallsBackToTheCommitBeforeATornRecord) {
    test::TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    Writer writer(path);
    StoredStudy const first = writer.next();
    StoredStudy const second = writer.next();
    writer.kill();
    std::string bytes = contents(path);
    std::size_t const newer = place_of(second, 2, bytes), older = place_of(first, 1, bytes);
    ASSERT_NE(newer, std::string::npos);
    ASSERT_NE(older, std::string::npos);
    for (std::size_t torn = 8; torn < 56; torn += 8) {
        std::string half = bytes;  // only the first part of the newer record was written
        half.replace(newer + torn, 56 - torn, std::string(56 - torn, '\x5a'));
        EXPECT_EQ(read_store(folder.write("torn.h5", half), Killed::read).rows.size(), 8U) << torn;
    }
    bytes.replace(newer, 56, std::string(56, '\0'));
    bytes.replace(older, 56, std::string(56, '\0'));
    std::string const path_of_none = folder.write("none.h5", bytes);
    EXPECT_NE(refusal(path_of_none).find("neither of its commit records"), std::string::npos);
    OutputLock const lock(path_of_none);
    EXPECT_THROW(repair_store(lock), DataError);
    EXPECT_EQ(contents(path_of_none), bytes);
}

TEST(StoreStream, RefusesCommittedRowsThatWereDamaged) {
    test::TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    Writer writer(path);
    double const value = writer.next().rows.at(0).sharpness_0;
    writer.kill();
    std::string bytes = contents(path), wanted(8 * sizeof value, '\0');
    for (std::size_t k = 0; k < 8; ++k) std::memcpy(&wanted[8 * k], &value, sizeof value);
    std::size_t const at = bytes.find(wanted);  // sharpness_0 of the eight networks
    ASSERT_NE(at, std::string::npos);
    bytes[at + 9] = static_cast<char>(bytes[at + 9] ^ 1);
    std::string const damaged = folder.write("damaged.h5", bytes);
    OutputLock const lock(damaged);
    EXPECT_THROW(repair_store(lock), DataError);
    EXPECT_EQ(contents(damaged), bytes);
}

TEST(StoreStream, RecordsAreWholeOrNotTaken) {
    schema::CommitRecord const record{7, 123, 456, {3, 2, 1.5}};
    auto fields = schema::packed(record);
    auto const back = schema::unpacked(fields);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->sequence, 7U);
    EXPECT_EQ(back->rows, 123U);
    EXPECT_EQ(back->checksum, 456U);
    EXPECT_EQ(back->audit.measurements, 3);
    EXPECT_EQ(back->audit.misses, 2);
    EXPECT_EQ(back->audit.worst, 1.5);
    for (std::size_t k = 0; k < fields.size(); ++k) {
        fields[k] ^= 1;
        EXPECT_FALSE(schema::unpacked(fields)) << k;
        fields[k] ^= 1;
    }
    fields.pop_back();
    EXPECT_FALSE(schema::unpacked(fields));
}

}  // namespace
}  // namespace sg
