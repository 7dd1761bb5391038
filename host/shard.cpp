// SPDX-License-Identifier: MIT
#include "host/shard.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

constexpr int most_shards = 1'000'000;

std::optional<long> number_in(std::string_view text) {
    long number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The number in a variable; nothing where there is no such variable.
std::optional<long> number_of(Lookup const& variable, char const* name) {
    char const* const text = variable(name);
    if (!text || !*text) return std::nullopt;
    auto const number = number_in(text);
    if (!number)
        throw UserError(std::string(name) + " is \"" + text +
                        "\", which is no number. Say what is to be run with --shard i/N or "
                        "--shard none.");
    return number;
}

Shard made(long index, long count, std::string const& from) {
    if (count < 1 || count > most_shards || index < 1 || index > count)
        throw UserError(
            from + " makes shard " + std::to_string(index) + " of " + std::to_string(count) +
            "; shards count from 1, as in --shard 2/4 (--shard none: the whole study).");
    return {static_cast<int>(index), static_cast<int>(count)};
}

// An index that counts from 0, and the number of them where something gives it.
struct Found {
    long index;
    std::optional<long> count;
    std::string from;
};

std::optional<Found> from_array(Lookup const& variable) {
    auto const id = number_of(variable, "SLURM_ARRAY_TASK_ID");
    if (!id) return std::nullopt;
    long const step = number_of(variable, "SLURM_ARRAY_TASK_STEP").value_or(1);
    long const index = *id - number_of(variable, "SLURM_ARRAY_TASK_MIN").value_or(0);
    return Found{index / (step > 0 ? step : 1), number_of(variable, "SLURM_ARRAY_TASK_COUNT"),
                 "SLURM_ARRAY_TASK_ID"};
}

std::optional<Found> from_completions(Lookup const& variable) {
    auto const index = number_of(variable, "JOB_COMPLETION_INDEX");
    if (!index) return std::nullopt;
    auto count = number_of(variable, "JOB_COMPLETIONS");
    if (!count) count = number_of(variable, "JOB_COMPLETION_COUNT");
    return Found{*index, count, "JOB_COMPLETION_INDEX"};
}

// A batch script of Slurm sees the variables of rank 0 of its tasks without being one of them: only
// a step, which srun makes, has a SLURM_STEP_ID.
bool is_batch_script(Lookup const& variable) {
    return variable("SLURM_JOB_ID") && !variable("SLURM_STEP_ID");
}

std::optional<Found> from_ranks(Lookup const& variable) {
    struct Names {
        char const *rank, *size;
    };
    for (Names const names :
         {Names{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, Names{"PMI_RANK", "PMI_SIZE"},
          Names{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}, Names{"SLURM_PROCID", "SLURM_NTASKS"}}) {
        bool const slurm = std::string_view(names.rank) == "SLURM_PROCID";
        if (slurm && is_batch_script(variable)) continue;
        auto const rank = number_of(variable, names.rank);
        auto const size = number_of(variable, names.size);
        if (rank && size) return Found{*rank, size, names.rank};
    }
    return std::nullopt;
}

std::optional<Found> from_environment(Lookup const& variable) {
    if (auto const found = from_array(variable)) return found;
    if (auto const found = from_completions(variable)) return found;
    return from_ranks(variable);
}

}  // namespace

ShardChoice choose_shard(std::string const& option, Lookup const& variable) {
    if (option == "none") return {};
    auto const slash = option.find('/');
    std::string const head = option.substr(0, slash);
    std::optional<long> count;
    if (!option.empty()) {
        if (slash != std::string::npos)
            count = number_in(std::string_view(option).substr(slash + 1));
        auto const index = number_in(head);
        if (!count || (!index && head != "auto"))
            throw UserError("--shard " + option + " is not known (2/4, auto/4, none).");
        if (index) return {made(*index, *count, "--shard " + option), "--shard"};
    }
    auto const found = from_environment(variable);
    if (!found) {
        if (option.empty()) return {};
        throw UserError(
            "--shard " + option +
            " needs an index, but no variable gives one "
            "(SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, OMPI_COMM_WORLD_RANK, PMI_RANK, "
            "SLURM_PROCID).");
    }
    if (!count) count = found->count;
    if (!count)
        throw UserError(found->from +
                        " is set, but not how many there are. Say it with --shard "
                        "auto/N, or --shard none for the whole study.");
    return {made(found->index + 1, *count, found->from), found->from};
}

std::string shard_path(std::string const& path, Shard const& shard) {
    if (shard.whole()) return path;
    std::string const part =
        ".shard-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count);
    std::string const ending = ".h5";
    if (path.size() > ending.size() && path.ends_with(ending))
        return path.substr(0, path.size() - ending.size()) + part + ending;
    return path + part;
}

}  // namespace sg
