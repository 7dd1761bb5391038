// SPDX-License-Identifier: MIT
// What the machine has: cores, memory, GPUs, data.
#include <fmt/format.h>

#include <thread>

#include "cuda/exec/exec.hpp"
#include "host/doctor.hpp"
#include "host/machine.hpp"

namespace sg {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t least_memory = 640 * mebibyte;  // OpenBLAS: 128 MiB of addresses a thread
constexpr std::size_t little_memory = 2048 * mebibyte;

// SHA-256 of the training set of Fashion-MNIST as Dataset holds it (Xiao, Rasul, Vollgraf 2017;
// Debian's package dataset-fashion-mnist).
constexpr char const* fashion_mnist =
    "dedb8bb7c953ed18344c0b42564906890a26343c4329d74989d48be8d153d952";

Check check_gpu(int ordinal, bool automatic) {
    std::string const name = fmt::format("cuda:{}", ordinal);
    auto const fault = cuda_device_fault(ordinal);
    if (!fault.empty() && automatic) return skipped(name, fault, "`run` leaves it out");
    if (!fault.empty())
        return failed(name, ExitCode::device, fault,
                      "use --device cpu, or see nvidia-smi for what there is");
    auto const exec = Exec::cuda(ordinal);
    auto const facts = gpu_facts(ordinal);
    auto const memory = exec.memory();
    return passed(name, fmt::format("{}, compute capability {}.{}, {} SMs, {} of {} free",
                                    facts.name, facts.capability / 10, facts.capability % 10,
                                    facts.processors, human_bytes(static_cast<double>(memory.free)),
                                    human_bytes(static_cast<double>(memory.total))));
}

}  // namespace

Check check_processor() {
    auto const text = Exec::cpu().describe();  // "cpu: model, OpenBLAS ..."
    auto const cores = static_cast<int>(std::thread::hardware_concurrency());
    int const allowed = cores_allowed();
    auto const model = text.substr(5, text.rfind(", OpenBLAS") - 5);
    return passed("processor", allowed < cores
                                   ? fmt::format("{}, {} of {} cores for this job", model, allowed, cores)
                                   : fmt::format("{}, {} cores", model, cores));
}

Check check_memory_left(std::size_t free, std::size_t total) {
    std::string const text = fmt::format("{} of {} free", human_bytes(static_cast<double>(free)),
                                         human_bytes(static_cast<double>(total)));
    std::string const more =
        "ask for more (Slurm: --mem; a shell: ulimit -v), or take fewer --workers";
    if (free < least_memory)
        return failed("memory", ExitCode::resource,
                      text + ": less than the " + human_bytes(least_memory) + " of a small study",
                      more);
    return passed("memory", text, free < little_memory ? "that is little: " + more : "");
}

Check check_dataset(DataSpec const& spec) {
    try {
        auto const files = find_dataset(spec);
        auto const data = load_dataset(spec);
        std::string const text = fmt::format("{}: {} images of {} pixels, SHA-256 {}", files.images,
                                             data.examples, data.inputs, data.sha256.substr(0, 12));
        if (spec.set != "fashion-mnist" || data.sha256 == fashion_mnist)
            return passed(spec.set, text);
        if (data.examples == 60000 && data.inputs == 784)
            return failed(spec.set, ExitCode::data, text + ": not the published data",
                          "install it again: apt-get install --reinstall dataset-fashion-mnist");
        return passed(spec.set, text, "these are not the 60000 published examples");
    } catch (MissingDataset const& error) {
        return skipped(spec.set, error.what());
    } catch (DataError const& error) {
        return failed(spec.set, ExitCode::data, error.what(),
                      "the file is damaged: install or copy it again");
    }
}

Gpus check_gpus(std::string const& device) {
    std::string why;
    auto const ordinals = devices_named(device, why);
    Gpus gpus;
    if (device == "cpu") gpus.checks.push_back(skipped("cuda", "--device cpu: not looked for"));
    if (device == "auto" && ordinals.empty())
        gpus.checks.push_back(skipped("cuda", "no GPU: " + why));
    for (int const ordinal : ordinals) {
        gpus.checks.push_back(guarded(fmt::format("cuda:{}", ordinal),
                                      "see nvidia-smi; --device cpu does without it",
                                      [&] { return check_gpu(ordinal, device == "auto"); }));
        if (gpus.checks.back().outcome == Check::Outcome::pass) gpus.usable.push_back(ordinal);
    }
    return gpus;
}

}  // namespace sg
