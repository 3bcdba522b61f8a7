#include "tests/e2e/qemu/world.h"

using namespace lodge;

TEST_CASE("the QEMU driver keeps the contract") { drivers::contract::run<test::QemuWorld>(); }
