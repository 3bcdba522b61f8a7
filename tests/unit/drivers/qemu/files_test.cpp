#include "drivers/qemu/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/drivers/qemu/temporary.h"

using namespace lodge;
using namespace lodge::drivers::qemu;

namespace {

v1::DomainSpec with_disk(const fs::path& file) {
  v1::DomainSpec spec;
  spec.add_disks()->mutable_file()->set_path(file.string());
  return spec;
}

}  // namespace

TEST_CASE("a disk that is not there is named, with its place in the document") {
  const test::Temporary folder;
  const auto missing = find_missing_files(with_disk(folder.path() / "disk.img"));
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].path == "/domain/devices/disk/source/@file");
  CHECK(missing[0].message == (folder.path() / "disk.img").string() + ": No such file or directory");
}

TEST_CASE("of a folder that the guest's user may not enter, it is not told what is in it") {
  if (::geteuid() != 0) return;  // who is not root cannot look as another user, and then does not look at all
  const test::Temporary folder;
  REQUIRE(write_file(folder.path() / "secret.img", "x"));
  const drivers::RunAs user{.uid = 4000, .gid = 4000};
  const auto told = [&](const char* name) {
    const auto missing = find_missing_files(with_disk(folder.path() / name), user);
    REQUIRE(missing.size() == 1);
    return missing[0].message.substr(missing[0].message.find(": "));
  };
  CHECK(told("secret.img") == ": Permission denied");
  CHECK(told("absent.img") == ": Permission denied");
  // This thread has its own rights back.
  CHECK(find_missing_files(with_disk(folder.path() / "secret.img")).empty());
  CHECK(write_file(folder.path() / "another", "x"));
}
