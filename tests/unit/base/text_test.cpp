#include "base/text.h"

#include <catch2/catch.hpp>

using namespace lodge;

TEST_CASE("control characters are shown, and text stays as it is") {
  CHECK(printable("a\x1b[2Jb\nc\td") == "a\\x1b[2Jb\nc\td");
  CHECK(one_line("a\nb\tc\x7f") == "a\\x0ab\\x09c\\x7f");
  CHECK(one_line("grün 日本") == "grün 日本");
}

TEST_CASE("a control character in two bytes is one, too") {
  CHECK(printable("a\xc2\x9b"
                  "31m") == "a\\x9b31m");
  CHECK(printable("\xc2\xa0\xc3\x85") == "\xc2\xa0\xc3\x85");
}

TEST_CASE("text is cut between characters only") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "abc…");
  CHECK(shortened("grün", 3) == "gr…");
}
