// SPDX-License-Identifier: MIT
#include "host/machine.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

#include "host/cost.hpp"

namespace sg {

namespace {

struct Gpu {
    int ordinal;
    std::string model;
    std::size_t free;
};

Gpu open_gpu(int ordinal)
{
    auto const exec = Exec::cuda(ordinal);
    auto const text = exec.describe();  // "cuda:0: NVIDIA H200, ..."
    return {ordinal, text.substr(text.find(": ") + 2), exec.memory().free};
}

void leave_out(int ordinal, std::string const& why)
{
    spdlog::info("cuda:{} is not used: {}", ordinal, why);
}

// Those that open, of the model of the first; the others are said to be left out.
std::vector<Gpu> open_all(std::vector<int> const& ordinals, bool automatic)
{
    std::vector<Gpu> gpus;
    for (int const ordinal : ordinals) {
        try {
            auto gpu = open_gpu(ordinal);
            if (gpus.empty() || gpu.model == gpus.front().model)
                gpus.push_back(std::move(gpu));
            else
                leave_out(ordinal, "another model than cuda:" + std::to_string(gpus.front().ordinal));
        } catch (Fault const& fault) {
            if (!automatic) throw;
            leave_out(ordinal, fault.what());
        }
    }
    return gpus;
}

Machine machine_of(std::vector<Gpu> const& gpus, int workers)
{
    Machine m;
    m.workers = workers > 0 ? workers : cores_allowed();
    m.host_memory = Exec::cpu().memory().free;
    for (auto const& gpu : gpus) {
        m.devices.push_back(gpu.ordinal);
        m.device_memory = m.devices.size() == 1 ? gpu.free : std::min(m.device_memory, gpu.free);
        m.model = device_model_of(gpu.model);
    }
    return m;
}

}  // namespace

int cores_allowed()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    // More cores than a cpu_set_t holds: it fails.
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::optional<Machine> machine_named(std::string const& wanted)
{
    auto const* const model = device_model(wanted);
    if (!model) return {};
    auto machine = machine_of({}, 0);
    machine.devices = {0};
    machine.device_memory = model->memory;
    machine.model = model;
    return machine;
}

std::vector<int> devices_named(std::string const& wanted, std::string& why)
{
    if (wanted == "cpu") return {};
    if (wanted.rfind("cuda:", 0) == 0 && wanted.size() > 5 && wanted.size() < 8 &&
        wanted.find_first_not_of("0123456789", 5) == std::string::npos)
        return {std::stoi(wanted.substr(5))};
    if (wanted != "auto" && wanted != "cuda")
        throw UserError("--device " + wanted + (device_model(wanted) ? " is for `sharpgrid plan`" : " is not known") +
                        " (auto, cpu, cuda, cuda:1).");
    int const count = cuda_device_count(&why);
    if (count == 0 && wanted == "cuda") return {0};  // opening it says what is missing
    std::vector<int> all;
    for (int d = 0; d < count; ++d) all.push_back(d);
    return all;
}

Plan plan_for_machine(std::string const& wanted, int workers,
                      std::function<Plan(Machine const&)> const& plan_for)
{
    bool const automatic = wanted == "auto";
    std::string why;
    auto const ordinals = devices_named(wanted, why);
    if (automatic && ordinals.empty()) spdlog::info("no GPU ({}): running on the CPU", why);
    auto gpus = open_all(ordinals, automatic);
    for (;;) {
        auto plan = plan_for(machine_of(gpus, workers));
        auto const fault = device_memory_fault(plan);
        if (fault.empty()) {
            if (gpus.empty() && !ordinals.empty()) spdlog::info("running on the CPU");
            return plan;
        }
        auto const least = std::min_element(gpus.begin(), gpus.end(), [](Gpu const& a, Gpu const& b) {
            return a.free < b.free;
        });
        if (!automatic)
            throw DeviceError(fmt::format("cuda:{} cannot be used: {}. Take fewer or narrower networks, or "
                                          "--device cpu.", least->ordinal, fault));
        leave_out(least->ordinal, fault);
        gpus.erase(least);
    }
}

std::string describe(Machine const& machine)
{
    if (machine.devices.empty()) return Exec::cpu().describe();
    std::string text;
    for (int const d : machine.devices)
        text += (text.empty() ? "" : "; ") + Exec::cuda(d).describe();
    return text;
}

}  // namespace sg
