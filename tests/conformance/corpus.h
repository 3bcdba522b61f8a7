#pragma once

#include <filesystem>
#include <string>
#include <vector>

// XML that others wrote: libvirt's test data, beside this repository. Nothing of it is part of the project.
namespace lodge::conformance {

struct CorpusFile {
  std::string name;
  std::string xml;
};

// The documents of one folder ("domain/in"), by name; empty where the corpus is absent, which the test must say.
std::vector<CorpusFile> read_corpus(const std::string& folder);

// Those of any folder.
std::vector<CorpusFile> read_folder(const std::filesystem::path& folder);

// Prints why a test did nothing, in the words that make ctest count it as skipped.
void say_skipped(const std::string& folder);

}  // namespace lodge::conformance
