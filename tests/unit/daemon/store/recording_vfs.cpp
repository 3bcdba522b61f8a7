#include "tests/unit/daemon/store/recording_vfs.h"

#include <cstring>
#include <filesystem>
#include <new>

namespace lodge::test {
namespace {

// SQLite gives us the room, as much as the file system's own file needs beside.
struct File {
  sqlite3_file base;
  RecordingVfs* recorder;
  const char* path;  // null for a temporary file, which no power cut matters to

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  void record(DiskEvent event) {
    if (path == nullptr) return;
    event.file = std::filesystem::path(path).filename().string();
    recorder->record(std::move(event));
  }
};

File* file(sqlite3_file* one) { return reinterpret_cast<File*>(one); }
sqlite3_file* real(sqlite3_file* one) { return file(one)->real(); }

int close(sqlite3_file* one) { return real(one)->pMethods->xClose(real(one)); }
int read(sqlite3_file* one, void* to, int size, sqlite3_int64 offset) {
  return real(one)->pMethods->xRead(real(one), to, size, offset);
}
int write(sqlite3_file* one, const void* from, int size, sqlite3_int64 offset) {
  file(one)->record({.what = DiskEvent::What::write,
                     .offset = offset,
                     .bytes = std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
  return real(one)->pMethods->xWrite(real(one), from, size, offset);
}
int truncate(sqlite3_file* one, sqlite3_int64 size) {
  file(one)->record({.what = DiskEvent::What::truncate, .offset = size});
  return real(one)->pMethods->xTruncate(real(one), size);
}
// Noted after it is done: only then may anything rely on it.
int sync(sqlite3_file* one, int flags) {
  if (file(one)->recorder->way() == RecordingVfs::Way::quick) return SQLITE_OK;
  const int status = real(one)->pMethods->xSync(real(one), flags);
  file(one)->record({.what = DiskEvent::What::sync});
  return status;
}
int size_of(sqlite3_file* one, sqlite3_int64* size) { return real(one)->pMethods->xFileSize(real(one), size); }
int lock(sqlite3_file* one, int level) { return real(one)->pMethods->xLock(real(one), level); }
int unlock(sqlite3_file* one, int level) { return real(one)->pMethods->xUnlock(real(one), level); }
int check_lock(sqlite3_file* one, int* held) { return real(one)->pMethods->xCheckReservedLock(real(one), held); }
int control(sqlite3_file* one, int op, void* argument) {
  return real(one)->pMethods->xFileControl(real(one), op, argument);
}
int sector_size(sqlite3_file* one) { return real(one)->pMethods->xSectorSize(real(one)); }
int characteristics(sqlite3_file* one) { return real(one)->pMethods->xDeviceCharacteristics(real(one)); }

// Version 1: without shared memory, which an exclusive WAL does not need, and without mapped files, which would hide writes.
const sqlite3_io_methods kMethods = {.iVersion = 1,
                                     .xClose = close,
                                     .xRead = read,
                                     .xWrite = write,
                                     .xTruncate = truncate,
                                     .xSync = sync,
                                     .xFileSize = size_of,
                                     .xLock = lock,
                                     .xUnlock = unlock,
                                     .xCheckReservedLock = check_lock,
                                     .xFileControl = control,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

RecordingVfs& recorder(sqlite3_vfs* vfs) { return *static_cast<RecordingVfs*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* one, int flags, int* flags_given) {
  sqlite3_vfs& below = recorder(vfs).real();
  File* const made = new (one) File{.base = {.pMethods = nullptr}, .recorder = &recorder(vfs), .path = path};
  const int status = below.xOpen(&below, path, made->real(), flags, flags_given);
  if (made->real()->pMethods != nullptr) made->base.pMethods = &kMethods;
  return status;
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  sqlite3_vfs& below = recorder(vfs).real();
  const std::string name = std::filesystem::path(path).filename().string();
  recorder(vfs).record({.what = DiskEvent::What::remove, .file = name});
  const int status = below.xDelete(&below, path, sync_folder);
  // Without it, the file may come back.
  if (sync_folder != 0) recorder(vfs).record({.what = DiskEvent::What::sync, .file = name});
  return status;
}

}  // namespace

RecordingVfs::RecordingVfs(Way way) : way_(way), real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = "recording";
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

RecordingVfs::~RecordingVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, /*makeDflt=*/1);
}

void play(Disk& disk, const DiskEvent& event) {
  switch (event.what) {
    case DiskEvent::What::write: {
      std::string& content = disk[event.file];
      const auto offset = static_cast<std::size_t>(event.offset);
      content.resize(std::max(content.size(), offset + event.bytes.size()));
      content.replace(offset, event.bytes.size(), event.bytes);
      return;
    }
    case DiskEvent::What::truncate: disk[event.file].resize(static_cast<std::size_t>(event.offset)); return;
    case DiskEvent::What::remove: disk.erase(event.file); return;
    case DiskEvent::What::sync:
    case DiskEvent::What::note: return;
  }
}

}  // namespace lodge::test
