/*
 * One fuzz target is one file with fuzz_one(). Built for libFuzzer with -Dfuzz=true (clang), and
 * always as a plain program that runs the files of tests/fuzz/corpus/<target>/ (replay.c).
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REQUIRE(cond)    \
    do {                      \
        if (!(cond)) {        \
            __builtin_trap(); \
        }                     \
    } while (0)

#endif
