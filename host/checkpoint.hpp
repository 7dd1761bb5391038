// SPDX-License-Identifier: MIT
// A slice between two steps, on disk: its trajectories so far, and of each living network the weights, the
// velocity and what the next measurement starts from. Trained on from there, not a bit differs. Random
// numbers and batches follow from (seed, step), so there is no other state.
//
// The file: "sgckpt02", the length of the head (8 bytes), the head, the state of one network after the other,
// the SHA-256 of all that (64 digits). Numbers lie as this machine lays them out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/digest.hpp"
#include "host/output_file.hpp"
#include "host/trajectory.hpp"

namespace sg {

struct CheckpointHead {
    std::string key;  // of the study, its data and its precision; another one is of no use
    std::int32_t variant = 0, depth = 0, width = 0;
    std::int32_t step = 0;            // the next one: θ has been updated so often
    std::uint32_t value_bytes = 4;    // of one number of a state
    std::uint64_t state_values = 0;   // of one network
    AuditTally audit;                 // of these rows so far
    std::vector<Trajectory> rows;     // in the order of the slice
    std::vector<std::uint8_t> wanted;  // of each row: 1: whether λ rises, 2: the barrier
    std::vector<std::int32_t> living;  // which rows have a state, ascending
    std::vector<double> last;          // the two leading Ritz values, for each of `living`

    std::size_t state_bytes() const { return value_bytes * static_cast<std::size_t>(state_values); }
};

std::string encode(CheckpointHead const& head);
// DataError: these are not the bytes of a head, or it contradicts itself.
CheckpointHead decode_checkpoint_head(std::string_view bytes);

// A checkpoint that was read and verified. It stays readable when its name goes to a newer one.
class Checkpoint {
public:
    // DataError: cannot be read, or is damaged.
    explicit Checkpoint(std::string const& path);
    ~Checkpoint();
    Checkpoint(Checkpoint const&) = delete;
    Checkpoint& operator=(Checkpoint const&) = delete;

    CheckpointHead const& head() const { return head_; }
    // Of living network k, `bytes` of its state from `first` on. From any thread. DataError.
    void read_state(std::size_t k, std::size_t first, void* to, std::size_t bytes) const;

private:
    void verify();
    void read_at(std::size_t offset, void* to, std::size_t bytes) const;

    std::string path_;
    int descriptor_ = -1;
    std::size_t states_at_ = 0;
    CheckpointHead head_;
};

// The same or, where it is damaged or missing, the one before it (PATH.previous); null without either.
std::shared_ptr<Checkpoint const> open_checkpoint(std::string const& path);
inline std::string previous_checkpoint(std::string const& path) { return path + ".previous"; }

// Writes one beside its name; publish() gives it the name, and the one before PATH.previous.
class CheckpointWriter {
public:
    CheckpointWriter(std::string const& path, CheckpointHead const& head);  // ResourceError, UserError
    ~CheckpointWriter();
    CheckpointWriter(CheckpointWriter const&) = delete;
    CheckpointWriter& operator=(CheckpointWriter const&) = delete;

    void add(void const* bytes, std::size_t count);  // of the states, in order; ResourceError
    void publish();                                  // ResourceError

private:
    void put(void const* bytes, std::size_t count);  // summed and written
    void write(void const* bytes, std::size_t count);

    std::string path_;
    OutputFile file_;
    int descriptor_ = -1;
    Sha256 sum_;
    std::size_t missing_;  // bytes of the states
};

}  // namespace sg
