// build: link
// timeout: 300
// tests: mi_heap_new mi_heap_malloc mi_heap_delete mi_heap_destroy mi_heap_stats_get
// Each of many heaps costs as much as each of few: to begin, to allocate the first block of, in one thread and in another, to take
// a page more for, to visit, to ask for its statistics, to end, by a thread of its own too, while another that has a part of
// each goes on; and the end of such a thread.
#include "mi.h"
#include "linear.h"

static size_t count;
static mi_heap_t** heaps;

static bool visit(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  (void)heap, (void)area, (void)size;
  if (block != NULL) ++*(size_t*)arg;
  return true;
}

static void* in_a_thread(void* arg) {
  part_begins();
  for (size_t i = 0; i < count; i++) CHECK(mi_heap_malloc(heaps[i], 32) != NULL);
  part_ends(2);
  for (size_t i = 0; i < count; i++) CHECK(mi_heap_malloc(heaps[i], 60000) != NULL);
  part_ends(3);
  return arg;
}

static void* delete_one(void* heap) {
  mi_heap_delete(heap);
  return NULL;
}

// What this thread does for each heap that another deletes.
static void deleted_elsewhere(size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) CHECK((heaps[i] = mi_heap_new()) != NULL && mi_heap_malloc(heaps[i], 32) != NULL);
  for (size_t i = 0; i < n; i++) {
    pthread_t other;
    CHECK(pthread_create(&other, NULL, delete_one, heaps[i]) == 0 && pthread_join(other, NULL) == 0);
    part_begins();
    for (int k = 0; k < 32; k++) mi_free(mi_malloc(opaque_size(100000)));
    sum += process_seconds() - part_start;
  }
  part_least[9] = sum;
}

static void work(size_t n) {
  count = n;
  heaps = calloc(n, sizeof *heaps);
  for (int round = 0; round < 3; round++) {
    part_begins();
    for (size_t i = 0; i < n; i++) CHECK((heaps[i] = mi_heap_new()) != NULL);
    part_ends(0);
    for (size_t i = 0; i < n; i++) CHECK(mi_heap_malloc(heaps[i], 32) != NULL);
    part_ends(1);
    pthread_t other;
    CHECK(pthread_create(&other, NULL, in_a_thread, NULL) == 0 && pthread_join(other, NULL) == 0);
    part_ends(4);
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) CHECK(mi_heap_visit_blocks(heaps[i], true, visit, &seen));
    part_ends(5);
    CHECK(seen == 3 * n);
    for (size_t i = 0; i < n; i++) {
      mi_stats_t_decl(stats);
      CHECK(mi_heap_stats_get(heaps[i], &stats) && stats.pages.current > 0);
    }
    part_ends(6);
    for (size_t i = 0; i < n; i += 2) mi_heap_delete(heaps[i]);
    part_ends(7);
    for (size_t i = 1; i < n; i += 2) mi_heap_destroy(heaps[i]);
    part_ends(8);
  }
  deleted_elsewhere(n);
}

int main(void) {
  // The thread looks at some hundred of its parts for each heap that is deleted, of which none is in the cache where there are
  // many: 9 us a heap of 750, 17 of 6000, 33 of 24 000, 26 of 48 000. A walk over all would be 64 times as much.
  part_most[9] = 40;
  check_linear(work, 750, (const char* const[]){"new", "first block", "first block in another thread",
    "a page more", "end of a thread", "visit", "statistics", "delete", "destroy",
    "deleted by another thread", NULL});
  return 0;
}
