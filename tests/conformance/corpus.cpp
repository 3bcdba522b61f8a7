#include "tests/conformance/corpus.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace lodge::conformance {
namespace {

// Tests run in the repository's root.
const std::filesystem::path kCorpus = "../shared/corpus";

}  // namespace

std::vector<CorpusFile> read_folder(const std::filesystem::path& folder) {
  std::vector<CorpusFile> files;
  if (!std::filesystem::is_directory(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".xml") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files.push_back({entry.path().filename(), text.str()});
  }
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

std::vector<CorpusFile> read_corpus(const std::string& folder) { return read_folder(kCorpus / folder); }

void say_skipped(const std::string& folder) {
  std::printf("SKIPPED: no documents in %s\n", (kCorpus / folder).c_str());
}

}  // namespace lodge::conformance
