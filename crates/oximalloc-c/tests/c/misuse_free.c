// build: preload
// secure: 0
// timeout: 120
// Frees of what is no block in use, and other calls with such a pointer: what each level of protection notices (misuse.h).
#include "misuse.h"

static char in_static[64];

static void twice(const Row* row) {
  char* p = middle(row);
  free(p);
  free(opaque(p));
}
static void twice_after_1(const Row* row) {
  Middle m = neighbours(row);
  free(m.at);
  free(m.below);
  free(opaque(m.at));
}
// The block's neighbours stay in use, so its page stays.
static void twice_after_many(const Row* row) {
  static char* others[2000];
  int n = shares_page(row) ? 2000 : row->size < MIB ? 40 : 3;
  char* p = middle(row);
  for (int i = 0; i < n; i++) others[i] = take(row);
  free(p);
  for (int i = 0; i < n; i++) free(others[i]);
  free(opaque(p));
}
static void* frees(void* p) {
  free(p);
  return NULL;
}
// The thread lives when the block is freed: a thread that begins allocates, and might get the block.
static pthread_barrier_t barrier;
static void* frees_later(void* p) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  free(p);
  return NULL;
}
static void twice_in_thread(const Row* row) {
  pthread_t thread;
  char* p = middle(row);
  CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
  CHECK(pthread_create(&thread, NULL, frees_later, p) == 0);
  pthread_barrier_wait(&barrier);
  free(p);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_join(thread, NULL) == 0);
}
// The first free is the other thread's, which has ended since.
static void twice_from_thread(const Row* row) {
  pthread_t thread;
  char* p = middle(row);
  CHECK(pthread_create(&thread, NULL, frees, p) == 0 && pthread_join(thread, NULL) == 0);
  free(opaque(p));
}
// Was it handed out again in between, its second free is a right one by all that can be seen.
static void twice_reused(const Row* row) {
  char* p = middle(row);
  free(p);
  CHECK(churn(row, p) == p);
  free(opaque(p));
}
// The pointer from before a realloc that moved the block.
static void twice_realloc(const Row* row) {
  char* p = middle(row);
  char* q = realloc(p, row->size * 3);
  CHECK(q != NULL);
  if (q != p) free(opaque(p));
  CHECK(q != p);
}

static void inside_8(const Row* row) { free(middle(row) + 8); }
static void inside_16(const Row* row) { free(middle(row) + 16); }
static void inside_odd(const Row* row) { free(middle(row) + 1); }
// The page has a block of which the program has a pointer that is not its start.
static void inside_offset_page(const Row* row) {
  Row offset = *row;
  offset.way = "offset";
  offset.size = row->size - 63;
  for (int i = 0; i < 600; i++) take(&offset);
  // It is from the middle of the blocks that follow, which are in the same pages.
  static char* all[600];
  for (int i = 0; i < 600; i++) all[i] = take(row), take(&offset);
  free(all[300] + 16);
}
static void behind_end(const Row* row) { free(middle(row) + row->size); }

static void of_wrong_size(const Row* row) {
  CHECK(free_sized != NULL);
  free_sized(middle(row), row->size - 1);
}

static void of_static(const Row* row) {
  (void)row;
  free(opaque(in_static + 16));
}
static void of_stack(const Row* row) {
  (void)row;
  char on_stack[64];
  free(opaque(on_stack));
}
static void of_mapping(const Row* row) {
  (void)row;
  char* p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  free(opaque(p + 4096));
}
// An address of the allocator's that it has not handed out yet.
static void of_unused(const Row* row) { free(opaque((char*)((uintptr_t)middle(row) & ~(uintptr_t)4095) + (256 << 20))); }
static void of_destroyed_heap(const Row* row) {
  CHECK(mi_heap_new != NULL && mi_heap_destroy != NULL);
  mi_heap_t* heap = mi_heap_new();
  char* p = mi_heap_malloc(heap, row->size);
  mi_heap_destroy(heap);
  free(opaque(p));
}
static void of_empty_twice(const Row* row) {
  char* p = take(row);
  free(p);
  free(opaque(p));
}

static void realloc_freed(const Row* row) {
  char* p = middle(row);
  free(p);
  CHECK(realloc(opaque(p), row->size * 2) != NULL);
}
static void realloc_freed_same(const Row* row) {
  char* p = middle(row);
  free(p);
  CHECK(realloc(opaque(p), row->size) != NULL);
}
static void realloc_inside(const Row* row) { CHECK(realloc(middle(row) + 8, row->size) != NULL); }
static void realloc_of_static(const Row* row) { CHECK(realloc(opaque(in_static + 16), row->size) == NULL); }
static void size_of_freed(const Row* row) {
  char* p = middle(row);
  free(p);
  opaque_size(malloc_usable_size(opaque(p)));
}
static void size_of_inside(const Row* row) { opaque_size(malloc_usable_size(middle(row) + 8)); }
static void size_of_static(const Row* row) {
  CHECK(malloc_usable_size(opaque(in_static + 16)) == 0);
  (void)row;
}

static const Row ROWS[] = {
    ROW(twice, malloc, 1, "-mmmm", "free" TWICE),
    SMALL_ROWS(twice, malloc, "-mmmm", "free" TWICE),
    ROW(twice, malloc, 1024, "-mmmm", "free" TWICE),
    ROW(twice, malloc, MOST, "-mmmm", "free" TWICE),
    ROW(twice, malloc, MOST + 1, "-mmmm", "free" NO_START),
    ROW(twice, malloc, 32768, "-mmmm", "free" NO_START),
    ROW(twice, malloc, 61440, "-mmmm", "free" NO_START),
    ROW(twice, malloc, 65536, "-mmmm", "free" NO_START),
    ROW(twice, malloc, LARGE, "mmmmm", "free" NO_START),
    ROW(twice, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(twice_after_1, malloc, "-mmmm", "free" TWICE),
    ROW(twice_after_1, malloc, LARGE, "mmmmm", "free" NO_START),
    ROW(twice_after_1, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(twice_after_many, malloc, "-mmmm", "free" TWICE),
    // Its page may have left the quarantine, which is random.
    ROW(twice_after_many, malloc, LARGE, "meeee", "free" NO_START, "free" NOT_IN_USE),
    ROW(twice_after_many, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(twice_in_thread, malloc, "-mmmm", "free" TWICE),
    ROW(twice_in_thread, malloc, LARGE, "mmmmm", "free" NO_START),
    ROW(twice_in_thread, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    SMALL_ROWS(twice_from_thread, malloc, "-mmmm", "free" TWICE),
    ROW(twice_from_thread, malloc, LARGE, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    ROW(twice_from_thread, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    ALL_ROWS(twice_reused, malloc, "-----"),
    SMALL_ROWS(twice_realloc, malloc, "-mmmm", "free" TWICE),
    ROW(twice_realloc, malloc, LARGE, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    ROW(twice_realloc, malloc, HUGE_, "nmmmm", "free" NO_START, "free" NOT_IN_USE),
    ALL_ROWS(inside_8, malloc, "mmmmm", "free" NO_START),
    ALL_ROWS(inside_16, malloc, "mmmmm", "free" NO_START),
    ALL_ROWS(inside_odd, malloc, "mmmmm", "free" NO_START),
    MIDDLE_ROWS(inside_offset_page, malloc, "-mmmm", "free" NOT_GIVEN),
    // Of a block at an offset it is not known where in it the program's pointer was.
    ROW(inside_16, offset, MIDDLE, "-----"),
    ROW(inside_16, offset, LARGE, "-----"),
    SMALL_ROWS(behind_end, malloc, "mmmmm", "free" NO_START),
    ROW(behind_end, malloc, LARGE, "mmmmm", "free" NO_START),
    // At level 0 another block begins there.
    ROW(behind_end, malloc, HUGE_, "-mmmm", "free" NO_START),
    ALL_ROWS(of_wrong_size, malloc, "-mmmm", "free_sized: wrong size: the block 0x* has %zu bytes, but is freed as one of *"),
    ROW(of_static, malloc, 0, "rrrrr", "free" FOREIGN),
    ROW(of_stack, malloc, 0, "rrrrr", "free" FOREIGN),
    ROW(of_mapping, malloc, 0, "rrrrr", "free" FOREIGN),
    ROW(of_unused, malloc, SMALL, "mmmmm", "free" NOT_IN_USE),
    ROW(of_destroyed_heap, heap, MIDDLE, "mmmmm", "free" NOT_IN_USE),
    ROW(of_empty_twice, malloc, 0, "mmmmm", "free" NOT_IN_USE),
    ROW(of_empty_twice, heap, 0, "-mmmm", "free" TWICE),
    SMALL_ROWS(realloc_freed, malloc, "-mmmm", "realloc" FREED),
    ROW(realloc_freed, malloc, LARGE, "mmmmm", "realloc" NO_START),
    ROW(realloc_freed, malloc, HUGE_, "nmmmm", "realloc" NO_START, "realloc" NOT_IN_USE),
    SMALL_ROWS(realloc_freed_same, malloc, "-mmmm", "realloc" FREED),
    ROW(realloc_freed_same, malloc, LARGE, "mmmmm", "realloc" NO_START),
    ROW(realloc_freed_same, malloc, HUGE_, "nmmmm", "realloc" NO_START, "realloc" NOT_IN_USE),
    ALL_ROWS(realloc_inside, malloc, "mmmmm", "realloc" NO_START),
    ROW(realloc_of_static, malloc, SMALL, "rrrrr", "realloc" FOREIGN),
    SMALL_ROWS(size_of_freed, malloc, "-mmmm", "usable_size" FREED),
    ROW(size_of_freed, malloc, LARGE, "mmmmm", "usable_size" NO_START),
    ROW(size_of_freed, malloc, HUGE_, "nmmmm", "usable_size" NO_START, "usable_size" NOT_IN_USE),
    ALL_ROWS(size_of_inside, malloc, "mmmmm", "usable_size" NO_START),
    ROW(size_of_static, malloc, SMALL, "rrrrr", "usable_size" FOREIGN),
};

int main(int argc, char** argv) { return misuse_main(argc, argv, ROWS, sizeof ROWS / sizeof *ROWS); }
