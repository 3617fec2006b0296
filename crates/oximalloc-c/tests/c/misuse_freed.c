// build: preload
// secure: 0
// timeout: 120
// Uses of blocks that were freed: what each level of protection notices or prevents (misuse.h).
#include "misuse.h"

// A byte of a freed block is written. Then blocks are freed and allocated until it would be handed out again.
static void write_at(const Row* row, size_t i) {
  char* p = middle(row);
  free(p);
  change(p + i);
  churn(row, p);
}
static void write_start(const Row* row) { write_at(row, 0); }
static void write_8(const Row* row) { write_at(row, 8); }
static void write_23(const Row* row) { write_at(row, 23); }
static void write_24(const Row* row) { write_at(row, 24); }
static void write_31(const Row* row) { write_at(row, 31); }
static void write_32(const Row* row) { write_at(row, 32); }
static void write_middle(const Row* row) { write_at(row, row->size / 2); }
static void write_end(const Row* row) { write_at(row, row->size - 1); }
static void write_behind(const Row* row) { write_at(row, row->size); }

// Of blocks that went back to their pages' lists some are written to. All are allocated again.
static void write_listed(const Row* row, size_t at) {
  enum { BLOCKS = 600 };
  char* blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) blocks[i] = take(row);
  for (int i = 0; i < BLOCKS; i++) {
    if (i % 10 != 5) free(blocks[i]);
  }
  for (int i = 0; i < 300; i += 20) change_all(opaque(blocks[i] + at), 8);
  for (int i = 0; i < BLOCKS; i++) take(row);
}
static void write_link(const Row* row) { write_listed(row, 0); }
static void write_mark(const Row* row) { write_listed(row, 24); }

// Whether the first bytes of a freed block no longer have what the program wrote there.
static void reads(const Row* row, size_t n) {
  char* p = middle(row);
  memset(p, 0xA5, row->size);
  free(p);
  volatile unsigned char* at = opaque(p);
  // Not a byte that looks like it by chance.
  size_t row_of_it = 0;
  for (size_t i = 0; i < n && row_of_it < 8; i++) row_of_it = at[i] == 0xA5 ? row_of_it + 1 : 0;
  prevented(row_of_it < 8);
}
static void read_24(const Row* row) { reads(row, 24); }
static void read_1024(const Row* row) { reads(row, 1024); }
static void read_all(const Row* row) { reads(row, row->size); }

// Whether the next block is another one than the one just freed.
static void again(const Row* row) {
  char* p = middle(row);
  free(p);
  prevented(take(row) != p);
}
// The same for a block that a thread frees which has never allocated.
static void* frees(void* p) {
  free(p);
  return NULL;
}
static void again_thread(const Row* row) {
  pthread_t thread;
  char* p = middle(row);
  CHECK(pthread_create(&thread, NULL, frees, p) == 0 && pthread_join(thread, NULL) == 0);
  prevented(take(row) != p);
}
// Whether calloc's block is zero though the program wrote to it when it was free.
static void zero(const Row* row) {
  char* p = middle(row);
  memset(p, 0xA5, row->size);
  free(p);
  memset(opaque(p + row->size / 2), 0x5A, 8);
  prevented(churn(row, p) == p && all_bytes(p, row->size, 0));
}

// Whether what a block holds that nobody has written tells nothing of marks: the same word in two blocks, mixed with their
// addresses, or behind a block with a page of its own the word alone. First what lies where free blocks have theirs, then where a
// smaller block had its own.
enum { COUNT = 20, LESS = 100 };
static void is_untold(const Row* row, char* blocks[COUNT], size_t at) {
  uint64_t words[COUNT] = {0};
  int same = 0;
  for (int i = 0; i < COUNT; i++) {
    memcpy(&words[i], opaque(blocks[i] + at), 6);
    if (shares_page(row)) words[i] ^= (uintptr_t)blocks[i];
    for (int k = 0; k < i; k++) same += words[i] == words[k] && words[i] != 0;
  }
  prevented(same == 0);
}
static void mark_in_new(const Row* row) {
  char* blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = take(row);
  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  for (int i = 0; i < COUNT; i++) blocks[i] = take(row);
  is_untold(row, blocks, 24);
}
static void mark_of_freed(const Row* row) {
  char* blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = malloc(row->size - LESS);
  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  for (int i = 0; i < COUNT; i++) blocks[i] = take(row);
  is_untold(row, blocks, row->size - LESS);
}
static void mark_of_grown(const Row* row) {
  char* blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = realloc(realloc(malloc(row->size / 2), row->size - LESS), row->size);
  is_untold(row, blocks, row->size - LESS);
}

static const Row ROWS[] = {
    SMALL_ROWS(write_start, malloc, "-mmmm", WRITTEN("1")),
    ROW(write_start, malloc, LARGE, "----s"),
    ROW(write_start, malloc, HUGE_, "-ssss"),
    SMALL_ROWS(write_8, malloc, "-mmmm", WRITTEN("9")),
    ROW(write_8, malloc, LARGE, "----s"),
    ROW(write_8, malloc, HUGE_, "-ssss"),
    SMALL_ROWS(write_23, malloc, "-mmmm", WRITTEN("24")),
    ROW(write_23, malloc, LARGE, "----s"),
    ROW(write_23, malloc, HUGE_, "-ssss"),
    // The mark of a free block.
    MIDDLE_ROWS(write_24, malloc, "-mmmm", MARK),
    MIDDLE_ROWS(write_31, malloc, "-mmmm", MARK),
    MIDDLE_ROWS(write_32, malloc, "---mm", WRITTEN("33")),
    ROW(write_middle, malloc, SMALL, "-mmmm", WRITTEN("13")),
    ROW(write_middle, malloc, MIDDLE, "---mm", WRITTEN("101")),
    ROW(write_middle, malloc, PAGE, "----m", WRITTEN("2501")),
    ROW(write_middle, malloc, LARGE, "----s"),
    ROW(write_middle, malloc, HUGE_, "-ssss"),
    ROW(write_end, malloc, 1, "-mmmm", WRITTEN("%zu")),
    ROW(write_end, malloc, SMALL, "-mmmm", WRITTEN("%zu")),
    ROW(write_end, malloc, MIDDLE, "---mm", WRITTEN("%zu")),
    ROW(write_end, malloc, 1024, "---mm", WRITTEN("%zu")),
    ROW(write_end, malloc, 1025, "----m", WRITTEN("%zu")),
    ROW(write_end, malloc, PAGE, "----m", WRITTEN("%zu")),
    ROW(write_end, malloc, MOST, "----m", WRITTEN("%zu")),
    ROW(write_end, malloc, MOST + 1, "----s"),
    ROW(write_end, malloc, LARGE, "----s"),
    ROW(write_end, malloc, HUGE_, "-ssss"),
    // Into the last 8 bytes of a block. Those of the smallest are its mark.
    ROW(write_behind, malloc, SMALL, "-mmmm", MARK),
    ROW(write_behind, malloc, MIDDLE, "-----"),
    ROW(write_8, aligned64, MIDDLE, "-mmmm", WRITTEN("9")),
    ROW(write_8, aligned4096, MIDDLE, "-mmmm", WRITTEN("9")),
    SMALL_ROWS(write_8, heap, "-mmmm", WRITTEN("9")),
    ROW(write_end, heap, MIDDLE, "---mm", WRITTEN("%zu")),
    ROW(write_end, heap, PAGE, "----m", WRITTEN("%zu")),
    // The pages of another heap than the main one do not wait.
    LARGE_ROWS(write_8, heap, "-----"),
    // Some of them wait in front of the page's list. Which of them is the first to be looked at is random.
    MIDDLE_ROWS(write_link, heap, "meeee", LINK, WRITTEN("1")),
    MIDDLE_ROWS(write_mark, heap, "-eeee", LISTED_MARK, MARK),
    SMALL_ROWS(read_24, malloc, "-pppp"),
    ROW(read_24, malloc, LARGE, "----s"),
    ROW(read_24, malloc, HUGE_, "-ssss"),
    ROW(read_1024, malloc, 1024, "---pp"),
    ROW(read_1024, malloc, PAGE, "---pp"),
    ROW(read_all, malloc, MIDDLE, "---pp"),
    ROW(read_all, malloc, PAGE, "----p"),
    ROW(read_all, malloc, MOST, "----p"),
    ROW(read_all, malloc, MOST + 1, "----s"),
    ROW(read_all, malloc, LARGE, "----s"),
    ROW(read_all, malloc, HUGE_, "-ssss"),
    ROW(read_all, aligned64, PAGE, "----p"),
    ROW(read_all, offset, PAGE, "----p"),
    ROW(read_all, heap, PAGE, "----p"),
    LARGE_ROWS(read_all, heap, "-----"),
    ALL_ROWS(again, malloc, "-pppp"),
    ROW(again, malloc, MOST, "-pppp"),
    ROW(again, malloc, MOST + 1, "-pppp"),
    ALL_ROWS(again, aligned64, "-pppp"),
    ALL_ROWS(again, offset, "-pppp"),
    SMALL_ROWS(again, heap, "-pppp"),
    LARGE_ROWS(again, heap, "-----"),
    LARGE_ROWS(again_thread, malloc, "-pppp"),
    MIDDLE_ROWS(mark_in_new, malloc, "ppppp"),
    ROW(mark_of_freed, malloc, PAGE, "ppppp"),
    ROW(mark_of_freed, malloc, LARGE, "ppppp"),
    ROW(mark_of_grown, malloc, PAGE, "ppppp"),
    ROW(mark_of_grown, malloc, LARGE, "ppppp"),
    ROW(zero, calloc, SMALL, "pmmmm", WRITTEN("13")),
    ROW(zero, calloc, MIDDLE, "pppmm", WRITTEN("101")),
    ROW(zero, calloc, PAGE, "ppppm", WRITTEN("2501")),
    ROW(zero, calloc, LARGE, "pppps"),
    ROW(zero, calloc, HUGE_, "pssss"),
};

int main(int argc, char** argv) { return misuse_main(argc, argv, ROWS, sizeof ROWS / sizeof *ROWS); }
