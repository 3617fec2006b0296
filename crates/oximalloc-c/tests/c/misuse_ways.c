// build: preload
// secure: 0
// timeout: 120
// Blocks that were not simply allocated by malloc: what each level of protection notices of an overflow by one byte and of a
// second free (misuse.h).
#include "misuse.h"

static void over_1(const Row* row) {
  char* p = middle(row);
  change(p + row->size);
  free(p);
}
static void twice(const Row* row) {
  char* p = middle(row);
  free(p);
  free(opaque(p));
}

static const Row ROWS[] = {
    SMALL_ROWS(over_1, calloc, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, calloc, "-msss", "free" OVER),
    SMALL_ROWS(twice, calloc, "-mmmm", "free" TWICE),
    ROW(twice, calloc, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, calloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, aligned64, "-mmmm", "free" OVER),
    ROW(over_1, aligned64, LARGE, "-mmmm", "free" OVER),
    ROW(over_1, aligned64, HUGE_, "-msss", "free" OVER),
    SMALL_ROWS(twice, aligned64, "-mmmm", "free" TWICE),
    ROW(twice, aligned64, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, aligned64, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, aligned4096, "-mmmm", "free" OVER),
    ROW(over_1, aligned4096, LARGE, "-mmmm", "free" OVER),
    ROW(over_1, aligned4096, HUGE_, "-msss", "free" OVER),
    SMALL_ROWS(twice, aligned4096, "-mmmm", "free" TWICE),
    ROW(twice, aligned4096, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, aligned4096, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    ALL_ROWS(over_1, offset, "-mmmm", "free" OVER_OFFSET),
    SMALL_ROWS(twice, offset, "-mmmm", "free" TWICE),
    ROW(twice, offset, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, offset, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, heap, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, heap, "-msss", "free" OVER),
    SMALL_ROWS(twice, heap, "-mmmm", "free" TWICE),
    LARGE_ROWS(twice, heap, "mmmmm", "free" NOT_IN_USE),
    SMALL_ROWS(over_1, grown, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, grown, "-msss", "free" OVER),
    SMALL_ROWS(twice, grown, "-mmmm", "free" TWICE),
    ROW(twice, grown, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, grown, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, moved, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, moved, "-mmmm", "free" OVER),
    SMALL_ROWS(twice, moved, "-mmmm", "free" TWICE),
    ROW(twice, moved, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, moved, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, shrunk, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, shrunk, "-mmmm", "free" OVER),
    SMALL_ROWS(twice, shrunk, "-mmmm", "free" TWICE),
    ROW(twice, shrunk, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, shrunk, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(over_1, shrunk_much, "-mmmm", "free" OVER),
    LARGE_ROWS(over_1, shrunk_much, "-msss", "free" OVER),
    SMALL_ROWS(twice, shrunk_much, "-mmmm", "free" TWICE),
    ROW(twice, shrunk_much, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, shrunk_much, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
};

int main(int argc, char** argv) { return misuse_main(argc, argv, ROWS, sizeof ROWS / sizeof *ROWS); }
