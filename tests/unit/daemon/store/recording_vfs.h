#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"

namespace lodge::test {

// One thing that SQLite asked of the file system, or that the test noted among them.
struct DiskEvent {
  enum class What { write, truncate, remove, sync, note } what = What::note;
  std::string file = {};    // its name, without the folder
  std::int64_t offset = 0;  // of write; the new size of truncate
  std::string bytes = {};   // of write
  int number = 0;           // of note
};

// Stands between SQLite and the file system, as the default of this process while it lives, and writes down everything that
// changes a file. Everything happens all the same.
class RecordingVfs {
 public:
  // `quick`: writes nothing down and waits for no disk, for reading back what is thrown away afterwards.
  enum class Way { recording, quick };
  explicit RecordingVfs(Way way = Way::recording);
  RecordingVfs(const RecordingVfs&) = delete;
  RecordingVfs& operator=(const RecordingVfs&) = delete;
  ~RecordingVfs();

  void note(int number) { record({.what = DiskEvent::What::note, .number = number}); }
  std::vector<DiskEvent> events() const { return *events_.lock(); }
  void record(DiskEvent event) {
    if (way_ == Way::recording) events_.lock()->push_back(std::move(event));
  }
  Way way() const { return way_; }

  sqlite3_vfs& real() { return *real_; }

 private:
  const Way way_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  mutable Guarded<std::vector<DiskEvent>> events_;
};

// The files' contents on a disk, by name.
using Disk = std::map<std::string, std::string>;

void play(Disk& disk, const DiskEvent& event);

}  // namespace lodge::test
