#include "daemon/access/paths.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/daemon/store/temp_folder.h"

using namespace lodge;
using namespace lodge::access;

namespace {

// A folder that may be used, and one beside it that may not.
struct Folders {
  test::TempFolder temp;
  fs::path allowed = fs::canonical(temp.path()) / "allowed";
  fs::path secret = fs::canonical(temp.path()) / "secret";
  std::vector<fs::path> list = {allowed};

  Folders() {
    REQUIRE(make_folder(allowed / "below"));
    REQUIRE(make_folder(secret));
    REQUIRE(write_file(allowed / "disk.img", "0123456789"));
    REQUIRE(write_file(allowed / "below" / "disk.img", "x"));
    REQUIRE(write_file(secret / "shadow", "root"));
  }
  std::string refusal(const fs::path& path) const {
    const auto found = find_file(list, path.string());
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == Code::permission_denied);
    return found.error().message();
  }
};

}  // namespace

TEST_CASE("a regular file below an allowed folder may be used") {
  const Folders folders;
  CHECK(find_file(folders.list, (folders.allowed / "disk.img").string()));
  CHECK(find_file(folders.list, (folders.allowed / "below" / "disk.img").string()));
}

TEST_CASE("outside of the folders all is refused alike, whether it is there or not") {
  const Folders folders;
  const std::string there = folders.refusal(folders.secret / "shadow");
  const std::string absent = folders.refusal(folders.secret / "nothing");
  CHECK(there.substr(there.find("is in none")) == absent.substr(absent.find("is in none")));
  folders.refusal(folders.allowed.string() + "-too/x");
  folders.refusal(folders.allowed);
  folders.refusal("");
  folders.refusal("disk.img");
  folders.refusal("/proc/self/fd/0");
  folders.refusal("/dev/null");
}

TEST_CASE("'..' is refused, even where it leads back") {
  const Folders folders;
  folders.refusal(folders.allowed / ".." / "secret" / "shadow");
  folders.refusal(folders.allowed / "below" / ".." / "disk.img");
  folders.refusal(folders.allowed / "." / "disk.img");
}

TEST_CASE("symbolic links are refused, as the file and on the way to it") {
  const Folders folders;
  fs::create_symlink(folders.secret / "shadow", folders.allowed / "link.img");
  fs::create_symlink(folders.secret, folders.allowed / "way");
  fs::create_symlink("disk.img", folders.allowed / "inside.img");
  CHECK_THAT(folders.refusal(folders.allowed / "link.img"), Catch::Contains("symbolic link"));
  CHECK_THAT(folders.refusal(folders.allowed / "way" / "shadow"), Catch::Contains("symbolic link"));
  folders.refusal(folders.allowed / "inside.img");
}

TEST_CASE("a folder of the policy that has become a symbolic link leads nowhere") {
  Folders folders;
  fs::create_symlink(folders.secret, folders.temp.path() / "moved");
  folders.list = {fs::canonical(folders.temp.path()) / "moved"};
  folders.refusal(folders.list[0] / "shadow");
}

TEST_CASE("a file with a second name is refused") {
  const Folders folders;
  REQUIRE(::link((folders.secret / "shadow").c_str(), (folders.allowed / "hard.img").c_str()) == 0);
  CHECK_THAT(folders.refusal(folders.allowed / "hard.img"), Catch::Contains("2 names"));
}

TEST_CASE("what is not a regular file is refused, and nothing waits for it") {
  const Folders folders;
  REQUIRE(::mkfifo((folders.allowed / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(folders.refusal(folders.allowed / "pipe"), Catch::Contains("not a regular file"));
  CHECK_THAT(folders.refusal(folders.allowed / "below"), Catch::Contains("not a regular file"));
}

TEST_CASE("an output may be a file that is not there yet, in a folder that is") {
  const Folders folders;
  CHECK(find_output(folders.list, (folders.allowed / "new.log").string()));
  CHECK(find_output(folders.list, (folders.allowed / "disk.img").string()));
  CHECK_FALSE(find_output(folders.list, (folders.allowed / "nowhere" / "new.log").string()));
  fs::create_symlink(folders.secret, folders.allowed / "way");
  CHECK_FALSE(find_output(folders.list, (folders.allowed / "way" / "new.log").string()));
  fs::create_symlink(folders.secret / "new", folders.allowed / "dangling");
  CHECK_FALSE(find_output(folders.list, (folders.allowed / "dangling").string()));
}

TEST_CASE("a disk is as large as its file, or as its qcow2 header says") {
  const Folders folders;
  const auto raw = find_file(folders.list, (folders.allowed / "disk.img").string());
  REQUIRE(raw);
  CHECK(disk_size(*raw) == 10u);
  std::string header("QFI\xfb\0\0\0\3", 8);
  header += std::string(16, '\0') + std::string("\0\0\0\x02\0\0\0\0", 8);
  REQUIRE(write_file(folders.allowed / "disk.qcow2", header));
  const auto qcow2 = find_file(folders.list, (folders.allowed / "disk.qcow2").string());
  REQUIRE(qcow2);
  CHECK(disk_size(*qcow2) == 8ull << 30);
}
