// SPDX-License-Identifier: MIT
// What STYLE asks of the source itself: sizes, layers, where a thing may stand, comments on kernels.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace sg::test {
namespace {

namespace fs = std::filesystem;

struct SourceFile {
    std::string path;  // relative to the repository, with '/'
    std::vector<std::string> lines;

    bool below(std::string const& folder) const { return path.rfind(folder + "/", 0) == 0; }
    std::string at(std::size_t line) const { return path + ":" + std::to_string(line + 1); }
};

bool ends_with(std::string const& text, std::string const& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_source(fs::path const& path) {
    static std::set<std::string> const kinds{".cpp", ".hpp", ".cu", ".py", ".sh", ".Dockerfile"};
    return kinds.count(path.extension().string()) || path.filename() == "CMakeLists.txt" ||
           path.parent_path().filename() == ".ci";
}

SourceFile read(fs::path const& path) {
    SourceFile file{fs::relative(path, SG_SOURCE_DIR).generic_string(), {}};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    return file;
}

// Every source file of the repository; build folders are not looked into.
std::vector<SourceFile> const& sources() {
    static std::vector<SourceFile> const files = [] {
        fs::path const root = SG_SOURCE_DIR;
        std::vector<SourceFile> found{read(root / "CMakeLists.txt")};
        for (char const* folder : {".ci", "bench", "cuda", "docker", "host", "scripts", "tests"}) {
            if (!fs::exists(root / folder)) continue;
            for (auto const& entry : fs::recursive_directory_iterator(root / folder))
                if (entry.is_regular_file() && is_source(entry.path()))
                    found.push_back(read(entry.path()));
        }
        std::sort(found.begin(), found.end(),
                  [](auto const& a, auto const& b) { return a.path < b.path; });
        return found;
    }();
    return files;
}

bool is_engine(SourceFile const& file) { return file.below("cuda") || file.below("host"); }

// The places that hold a text, as "path:line".
std::vector<std::string> places(std::string const& text,
                                std::function<bool(SourceFile const&)> const& looked_into) {
    std::vector<std::string> found;
    for (SourceFile const& file : sources()) {
        if (!looked_into(file)) continue;
        for (std::size_t k = 0; k < file.lines.size(); ++k)
            if (file.lines[k].find(text) != std::string::npos) found.push_back(file.at(k));
    }
    return found;
}

std::set<std::string> files_of(std::vector<std::string> const& places) {
    std::set<std::string> files;
    for (std::string const& place : places) files.insert(place.substr(0, place.rfind(':')));
    return files;
}

// Written in two parts, so that this file does not hold what it looks for.
std::string joined(char const* first, char const* second) { return std::string(first) + second; }

TEST(Structure, FilesAreShort) {
    std::size_t long_files = 0;
    for (SourceFile const& file : sources()) {
        EXPECT_LE(file.lines.size(), 400u) << file.path;
        long_files += file.lines.size() > 300;
    }
    EXPECT_GT(sources().size(), 100u) << "the sources were not found";
    EXPECT_LE(long_files * 20, sources().size()) << "files of more than 300 lines";
}

TEST(Structure, EverySourceFileNamesItsLicenceOnce) {
    std::regex const line("^(//|#) SPDX-License-Identifier: MIT$");
    for (SourceFile const& file : sources()) {
        auto const is_it = [&](std::string const& text) { return std::regex_match(text, line); };
        auto const head = file.lines.begin() + std::min<std::ptrdiff_t>(2, std::ssize(file.lines));
        EXPECT_EQ(std::count_if(file.lines.begin(), head, is_it), 1) << file.path;
        EXPECT_EQ(std::count_if(head, file.lines.end(), is_it), 0) << file.path;
    }
}

TEST(Structure, LaunchesStandInExecAlone) {
    auto const found = places(joined("<<", "<"), [](auto const& f) { return !f.below("scripts"); });
    EXPECT_FALSE(found.empty());
    for (std::string const& place : found) EXPECT_EQ(place.rfind("cuda/exec/", 0), 0u) << place;
}

TEST(Structure, DeviceMemoryIsTakenInOneFile) {
    EXPECT_EQ(files_of(places("cudaMalloc", is_engine)).size(), 1u);
}

TEST(Structure, TheHdf5LibraryIsIncludedInOneFile) {
    EXPECT_EQ(files_of(places("#include <hdf5", is_engine)).size(), 1u);
}

TEST(Structure, TheHostIncludesNoCudaHeader) {
    auto const in_host = [](SourceFile const& file) { return file.below("host"); };
    for (char const* header : {"#include <cu", "#include \"cuda/exec/cuda_state.hpp\""})
        EXPECT_TRUE(places(header, in_host).empty()) << header;
}

// exec ← ops ← nets ← {train, sharpness} ← host: a folder may include itself and what lies before it.
TEST(Structure, IncludesGoOneWay) {
    std::map<std::string, std::set<std::string>> const allowed{
        {"cuda/exec", {"cuda/exec"}},
        {"cuda/ops", {"cuda/exec", "cuda/ops"}},
        {"cuda/nets", {"cuda/exec", "cuda/ops", "cuda/nets"}},
        {"cuda/train", {"cuda/exec", "cuda/ops", "cuda/nets", "cuda/train"}},
        {"cuda/sharpness", {"cuda/exec", "cuda/ops", "cuda/nets", "cuda/sharpness"}},
        {"host",
         {"cuda/exec", "cuda/ops", "cuda/nets", "cuda/train", "cuda/sharpness", "host"}}};
    std::string const words_only = "cuda/nets/spec.hpp";  // the names of choices; no code
    std::regex const include("^#include \"(.*)/[^/]*\"");
    for (SourceFile const& file : sources()) {
        if (!is_engine(file)) continue;
        std::string const folder = fs::path(file.path).parent_path().generic_string();
        ASSERT_TRUE(allowed.count(folder)) << file.path << ": a folder of no layer";
        for (std::size_t k = 0; k < file.lines.size(); ++k) {
            std::smatch match;
            if (!std::regex_search(file.lines[k], match, include)) continue;
            bool const words = file.lines[k].find(words_only) != std::string::npos;
            EXPECT_TRUE(words || allowed.at(folder).count(match[1])) << file.at(k) << ": "
                                                                    << file.lines[k];
        }
    }
}

struct Kernel {
    std::string place, name, comment;
};

// The comment that ends above a line, with any `template <...>` line between.
std::string comment_above(SourceFile const& file, std::size_t line) {
    std::string comment;
    while (line > 0 && file.lines[line - 1].rfind("template", 0) == 0) --line;
    while (line > 0 && file.lines[line - 1].rfind("//", 0) == 0)
        comment = file.lines[--line] + "\n" + comment;
    return comment;
}

// A kernel is a struct of cuda/ that a launcher calls for a network: operator()(int ...), operator()(Team
// ...), or bind(int ...), whose result is called for each index.
std::vector<Kernel> kernels() {
    std::regex const head("^struct ([A-Za-z0-9_]+) \\{$");
    std::regex const call("SG_FN .*(operator\\(\\)\\((int|Team)|\\bbind\\(int)");
    std::vector<Kernel> found;
    for (SourceFile const& file : sources()) {
        if (!file.below("cuda")) continue;
        for (std::size_t k = 0; k < file.lines.size(); ++k) {
            std::smatch match;
            if (!std::regex_match(file.lines[k], match, head)) continue;
            bool called = false;
            for (std::size_t m = k; m < file.lines.size() && file.lines[m] != "};"; ++m)
                called = called || std::regex_search(file.lines[m], call);
            if (called) found.push_back({file.at(k), match[1], comment_above(file, k)});
        }
    }
    return found;
}

TEST(Structure, EveryKernelSaysItsShapeOrFormula) {
    std::regex const shape("\\((N|[A-Za-z0-9_+* \\[\\]]+,[^)]*)\\)");
    std::regex const formula("←|=|≤|<|>|√|Σ|∈|²|ᵀ|·|\\|");
    auto const all = kernels();
    EXPECT_GT(all.size(), 30u) << "the kernels were not found";
    for (Kernel const& kernel : all) {
        bool const says = std::regex_search(kernel.comment, shape) ||
                          std::regex_search(kernel.comment, formula);
        EXPECT_TRUE(says) << kernel.place << ": " << kernel.name
                          << " needs a comment with a shape or a formula above it\n"
                          << kernel.comment;
    }
}

TEST(Structure, EveryKernelFileHasItsTest) {
    for (SourceFile const& file : sources()) {
        if (!file.below("cuda") || !ends_with(file.path, ".cu")) continue;
        fs::path const inner = fs::path(file.path).lexically_relative("cuda");
        fs::path const test = fs::path(SG_SOURCE_DIR) / "tests" / inner.parent_path() /
                              ("test_" + inner.stem().string());
        EXPECT_TRUE(fs::exists(test.string() + ".cpp") || fs::exists(test.string() + ".cu"))
            << file.path << " has no tests/" << inner.parent_path().string() << "/test_"
            << inner.stem().string() << ".{cpp,cu}";
    }
}

TEST(Structure, FaultsAreLookedForOftenEnough) {
    std::regex const check("(SG_EXPECT|SG_TRY|SG_TRY_BLAS)\\(|\\bthrow [A-Za-z]");
    double checks = 0, lines = 0;
    for (SourceFile const& file : sources()) {
        if (!is_engine(file)) continue;
        lines += static_cast<double>(file.lines.size());
        for (std::string const& line : file.lines)
            checks += line.rfind("#define", 0) != 0 && std::regex_search(line, check);
    }
    double const density = 1000 * checks / lines;
    std::printf("%.0f checks in %.0f lines of cuda/ and host/: %.1f per 1000\n", checks, lines, density);
    EXPECT_GE(density, 15);
}

TEST(Structure, NoSourceNamesAPlaceOfOneMachine) {
    for (std::string const& folder : {joined("/ho", "me/"), joined("/ro", "ot/"), joined("/wo", "rk/")})
        for (std::string const& place : places(folder, [](auto const&) { return true; }))
            ADD_FAILURE() << place << " holds " << folder;
}

}  // namespace
}  // namespace sg::test
