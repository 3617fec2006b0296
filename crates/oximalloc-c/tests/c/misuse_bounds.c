// build: preload
// secure: 0
// timeout: 120
// Writes beyond a block's ends, and uses of a block of no bytes: what each level of protection notices (misuse.h).
#include "misuse.h"

// A byte behind the block is written, and the block is freed.
static void over_1(const Row* row) {
  char* p = middle(row);
  change(p + row->size);
  free(p);
}
static void over_32(const Row* row) {
  char* p = middle(row);
  change_all(p + row->size, 32);
  free(p);
}
// The 0 at the end of a string that is a byte too long.
static void over_by_0(const Row* row) {
  char* p = middle(row);
  *(volatile char*)(p + row->size) = 0;
  free(p);
}
static void over_1_realloc(const Row* row) {
  char* p = middle(row);
  change(p + row->size);
  CHECK(realloc(p, row->size * 2) != NULL);
}
// The block is never freed.
static void over_1_kept(const Row* row) { change(middle(row) + row->size); }
// A byte behind the mark is written. It is the block's own, unused.
static void over_gap(const Row* row) {
  char* p = middle(row);
  change(p + row->size + 8);
  free(p);
}
static void* frees(void* p) {
  free(p);
  return NULL;
}
static void over_1_thread(const Row* row) {
  pthread_t thread;
  char* p = middle(row);
  change(p + row->size);
  CHECK(pthread_create(&thread, NULL, frees, p) == 0 && pthread_join(thread, NULL) == 0);
}
// The block is kept, and its neighbour above is free, and is handed out again.
static void over_into_free(const Row* row) {
  Middle m = neighbours(row);
  free(m.above);
  change_all(m.at + row->size, (size_t)(m.above - m.at) - row->size + 16);
  churn(row, m.above);
}

// Bytes below the block are written, and the block is freed. Its neighbour below is kept.
static void under_1(const Row* row) {
  char* p = middle(row);
  change(p - 1);
  free(p);
}
static void under_8(const Row* row) {
  char* p = middle(row);
  change_all(p - 8, 8);
  free(p);
}
static void under_32(const Row* row) {
  char* p = middle(row);
  change_all(p - 32, 32);
  free(p);
}
// The neighbour below is freed, too.
static void under_1_both(const Row* row) {
  Middle m = neighbours(row);
  change(m.at - 1);
  free(m.at);
  free(m.below);
}
// The neighbour below was free, and is handed out again.
static void under_8_free(const Row* row) {
  Middle m = neighbours(row);
  free(m.below);
  change_all(m.at - 8, 8);
  churn(row, m.below);
}

// A MiB behind or below a block is written, in the middle of some MiB of such blocks. Nothing is freed.
static char* amid(const Row* row) {
  static char* all[6 * MIB / 16];
  size_t n = 6 * MIB / row->size;
  n = row->size > MIB ? 3 : n < 90 ? 90 : n > 6 * MIB / 32 ? 6 * MIB / 32 : n;
  for (size_t i = 0; i < n; i++) all[i] = take(row);
  qsort(all, n, sizeof *all, by_address);
  return all[n / 2];
}
static void run_over(const Row* row) {
  char* p = amid(row);
  change_all(p + row->size, MIB);
}
static void run_under(const Row* row) {
  char* p = amid(row);
  for (int i = 1; i <= MIB; i++) change(p - i);
}

static void empty_read(const Row* row) {
  volatile char* p = take(row);
  char byte = *p;
  (void)byte;
}
static void empty_write(const Row* row) {
  volatile char* p = take(row);
  change(p);
  free((void*)p);
}

static const Row ROWS[] = {
    ROW(over_1, malloc, 1, "-mmmm", "free" OVER),
    ROW(over_1, malloc, SMALL - 1, "-mmmm", "free" OVER),
    SMALL_ROWS(over_1, malloc, "-mmmm", "free" OVER),
    ROW(over_1, malloc, MIDDLE + 1, "-mmmm", "free" OVER),
    ROW(over_1, malloc, 1024, "-mmmm", "free" OVER),
    // From here on the block has a page of its own. From level 2 on it ends at a wall if its size is a multiple of 16.
    ROW(over_1, malloc, MOST, "-mmmm", "free" OVER),
    ROW(over_1, malloc, MOST + 1, "-mmmm", "free" OVER),
    ROW(over_1, malloc, 32767, "-mmmm", "free" OVER),
    ROW(over_1, malloc, 32768, "-msss", "free" OVER),
    ROW(over_1, malloc, 32769, "-mmmm", "free" OVER),
    ROW(over_1, malloc, 61440, "-msss", "free" OVER),
    ROW(over_1, malloc, 61441, "-mmmm", "free" OVER),
    ROW(over_1, malloc, 65536, "-msss", "free" OVER),
    LARGE_ROWS(over_1, malloc, "-msss", "free" OVER),
    ROW(over_1, malloc, LARGE + 1, "-mmmm", "free" OVER),
    ROW(over_1, malloc, HUGE_ + 1, "-mmmm", "free" OVER),
    SMALL_ROWS(over_32, malloc, "-mmmm", "free" BEHIND),
    ROW(over_32, malloc, 1024, "-mmmm", "free" BEHIND),
    LARGE_ROWS(over_32, malloc, "-msss", "free" OVER),
    ROW(over_32, malloc, LARGE + 1, "-msss", "free" OVER),
    SMALL_ROWS(over_by_0, malloc, "-mmmm", "free" OVER),
    LARGE_ROWS(over_by_0, malloc, "-msss", "free" OVER),
    ROW(over_by_0, malloc, LARGE + 1, "-mmmm", "free" OVER),
    SMALL_ROWS(over_1_realloc, malloc, "-mmmm", "realloc" OVER),
    ROW(over_1_realloc, malloc, LARGE + 1, "-mmmm", "realloc" OVER),
    ROW(over_1_realloc, malloc, HUGE_ + 1, "-mmmm", "realloc" OVER),
    SMALL_ROWS(over_1_thread, malloc, "-mmmm", "free" OVER),
    ROW(over_1_thread, malloc, LARGE + 1, "-mmmm", "free" OVER),
    ROW(over_1_thread, malloc, HUGE_ + 1, "-mmmm", "free" OVER),
    SMALL_ROWS(over_1_kept, malloc, "-----"),
    LARGE_ROWS(over_1_kept, malloc, "--sss"),
    ROW(over_1_kept, malloc, LARGE + 1, "-----"),
    ROW(over_gap, malloc, PAGE, "-----"),
    SMALL_ROWS(over_into_free, malloc, "-mmmm", WRITTEN("1")),
    ROW(over_into_free, malloc, LARGE, "--sss"),
    // Below a block lies the mark of its neighbour; below a block with a page of its own lies what nobody checks.
    ALL_ROWS(under_1, malloc, "-----"),
    ALL_ROWS(under_8, malloc, "-----"),
    ALL_ROWS(under_32, malloc, "-----"),
    SMALL_ROWS(under_1_both, malloc, "-mmmm", "free" BEHIND),
    LARGE_ROWS(under_1_both, malloc, "-----"),
    // The last 8 bytes of a free block are checked in the smallest only, which has its mark there.
    ROW(under_8_free, malloc, SMALL, "-mmmm", MARK),
    MIDDLE_ROWS(under_8_free, malloc, "-----"),
    ALL_ROWS(run_over, malloc, "--sss"),
    ALL_ROWS(run_under, malloc, "--sss"),
    ROW(empty_read, malloc, 0, "sssss"),
    ROW(empty_read, calloc, 0, "sssss"),
    ROW(empty_read, aligned64, 0, "-----"),
    ROW(empty_read, heap, 0, "-----"),
    ROW(empty_write, malloc, 0, "sssss"),
    ROW(empty_write, calloc, 0, "sssss"),
    ROW(empty_write, aligned64, 0, "-mmmm", "free" OVER),
    ROW(empty_write, heap, 0, "-mmmm", "free" OVER),
};

int main(int argc, char** argv) { return misuse_main(argc, argv, ROWS, sizeof ROWS / sizeof *ROWS); }
