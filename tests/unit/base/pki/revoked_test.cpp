#include "base/pki/revoked.h"

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "base/pki/issue.h"

using namespace lodge;
using namespace lodge::pki;

namespace {

const std::string kFingerprint(64, 'a');

struct Folder {
  fs::path path;
  Folder() {
    char name[] = "/tmp/lodge-revoked-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("a list of revoked certificates may have remarks, blank lines and colons between bytes") {
  const auto [list, damaged] = RevocationList::parse("# who left\n\n  sha256:" + kFingerprint +
                                                     "  # a laptop\nserial:00:0A\r\nserial:0a\n");
  CHECK_FALSE(damaged);
  CHECK(list.size() == 2);
}

TEST_CASE("a damaged line is told with its number, and what else can be read counts") {
  const auto [list, damaged] = RevocationList::parse("serial:01\nsha256:abcd\nlaptop\nserial:02");
  CHECK(damaged == "2: a fingerprint has 64 digits, not 4");
  CHECK(list.size() == 2);
  CHECK(RevocationList::parse("laptop").damaged == "1: 'laptop' begins neither with sha256: nor with serial:");
  CHECK(RevocationList::parse("serial:0").damaged);
  CHECK(RevocationList::parse("serial:" + std::string(42, '1')).damaged);
}

TEST_CASE("what is revoked is in the file, once, beside what was there") {
  const Folder folder;
  const fs::path file = folder.path / "revoked";
  CHECK(load_revoked(file)->size() == 0);
  const Authority authority = make_authority("example", Days(10));
  const auto laptop = issue(authority, {.common_name = "laptop"}, Key::make());
  REQUIRE(laptop);
  REQUIRE(revoke(file, *laptop, "lost\nserial:ff"));
  REQUIRE(revoke(file, "serial:0F", ""));
  const auto list = load_revoked(file);
  REQUIRE(list);
  CHECK(list->size() == 2);
  CHECK(list->reason(*laptop) == "lost serial:ff");
  CHECK(revoke(file, *laptop, "").error().code() == Code::already_exists);
}

TEST_CASE("nothing is added to a file that cannot be read whole") {
  const Folder folder;
  const fs::path file = folder.path / "revoked";
  REQUIRE(write_file(file, "serial:01\nnonsense\n"));
  const auto added = revoke(file, "serial:02", "");
  REQUIRE_FALSE(added);
  CHECK(added.error().message() == file.string() + ":2: 'nonsense' begins neither with sha256: nor with serial:");
  CHECK(read_file(file) == "serial:01\nnonsense\n");
}
