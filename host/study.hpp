// SPDX-License-Identifier: MIT
// A study as the configuration describes it: every value resolved and checked, nothing computed
// yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cuda/nets/spec.hpp"
#include "host/search.hpp"

namespace sg {

inline constexpr char const* uv_set = "one example";  // of the model uv: x = 1, y = 0

// Where the examples come from. `set` is fashion-mnist, mnist, synthetic or uv_set.
struct DataSpec {
    std::string set = "fashion-mnist";
    std::string directory;  // empty: the usual places (IDX sets only)
    // synthetic only: standard normal inputs, labels from a random linear teacher
    int examples = 4096;
    int inputs = 16;
    int classes = 4;
    std::uint64_t seed = 0;
};

enum class SharpnessMethod : std::uint8_t { lanczos, power, exact };
inline constexpr std::array<std::string_view, 3> sharpness_method_names{"lanczos", "power",
                                                                        "exact"};

// What is measured where (DESIGN, "Protocols").
enum class Protocol : std::uint8_t { fixed, published };
inline constexpr std::array<std::string_view, 2> protocol_names{"fixed", "published"};

// Arithmetic of the products of warm Lanczos measurements.
enum class Iterate : std::uint8_t { single, tf32 };
inline constexpr std::array<std::string_view, 2> iterate_names{"float", "tf32"};

struct SharpnessSpec {
    Protocol protocol = Protocol::fixed;
    SharpnessMethod method = SharpnessMethod::lanczos;
    double tolerance = 5e-4;     // estimated relative error of λ
    int examples = 512;          // M; `published`: those of λ₀, where the data set has as many
    int iterations = 20;         // power only
    Iterate iterate = Iterate::single;  // lanczos, on a GPU: tf32
    int every = 1;               // λ at every k-th step (0: where a search needs it) ...
    std::vector<int> at;         // ... or, when not empty, at these steps (step 0 always)
    double c_sharp_margin = -1;  // ε of c_sharp; < 0: 0.05 for a zero last layer, else 0
};

// What is measured of the spectrum beside λ, and at which steps; nothing without steps.
struct SpectrumSpec {
    std::vector<int> steps;  // ascending
    int top = 0;             // the largest eigenvalues
    bool smallest = false;   // the smallest one
    int probes = 0;          // of the spectral density; 0: none
    int order = 0;           // nodes, and products, of a probe

    bool at(int step) const;
    bool operator==(SpectrumSpec const&) const = default;
};

// One setting of everything that may be swept besides depth, width, seed and c.
struct Variant {
    Activation activation = Activation::relu;
    LastLayer last_layer = LastLayer::standard;
    Parameterization parameterization = Parameterization::standard;
    double output_scale = 1;
    double output_exponent = 0;
    double kappa = 0;  // κ₀ and r of uv; 0: u and v as they are drawn
    double r = 0;
    Loss loss = Loss::mse;
    double momentum = 0;
    int batch = 512;            // 0: full, gradient descent on the measurement examples
    std::vector<double> swept;  // (Study::swept) the number, or the code of the word
};

// A key that was given as a list, other than depth, width, seeds and c.
struct SweptKey {
    std::string name;                // the last part of the key: "activation", "batch" (0: full)
    std::vector<std::string> words;  // names of the codes 0, 1, ...; empty when it is a number
};

struct Study {
    std::string name;
    DataSpec data;
    std::string model = "fcn";         // or uv
    std::vector<int> depth, width;     // ascending, without duplicates
    std::vector<SweptKey> swept;       // in the order of the file
    std::vector<Variant> variants;     // product of the swept keys, the last fastest
    std::vector<std::uint64_t> seeds;  // ascending; `seeds: 3` is 0, 1, 2
    std::vector<double> c;             // ascending, positive; of a search, its coarse grid
    std::optional<SearchSpec> search;
    bool barrier = false;              // the loss on the line from θ_0 to θ_T is measured
    int steps = 10;                    // T
    SharpnessSpec sharpness;
    SpectrumSpec spectrum;
    std::string output_file;

    std::string yaml_given;     // the file as it was read
    std::string yaml_resolved;  // every key with its value, canonical order; without output.file
    std::string digest;         // SHA-256 of yaml_resolved, 64 hexadecimal digits

    // Whether λ of every network is measured at this step. A search measures some at others, too.
    bool measured_at(int step) const;
    // At how many steps after 0 it is, up to this one; of a search, which measures some networks at any step, all of them.
    int measurements(int step) const;
    // Whether that is so often that an audit at one step in 8 is enough.
    bool audits_some_steps() const { return measurements(steps) >= 64; }
    // As the authors' notebook measures: λ₀ on many examples, λ_t on a mini-batch that is set aside, L on
    // the whole training set.
    bool published() const { return sharpness.protocol == Protocol::published; }
    // Whether λ after step 0 is iterated in TF32.
    bool tf32() const { return sharpness.iterate == Iterate::tf32; }
    // How many examples of a data set of X the loss is measured on, and λ₀: the first of them.
    std::int64_t loss_examples(std::int64_t X) const;
    std::int64_t sharpness_0_examples(std::int64_t X) const;
    // The same in words.
    std::string measured_on(std::int64_t X) const;
    // Which variant has these values of the swept keys. InternalError: none.
    int variant_of(std::vector<double> const& values) const;
    // ε of c_sharp for a variant: as asked, else larger where the top of the Hessian is nearly K-fold.
    double margin(int variant) const;
};

}  // namespace sg
