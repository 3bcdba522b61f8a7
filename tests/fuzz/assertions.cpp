// What Catch's assertions need, without its main(): libFuzzer has one.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
