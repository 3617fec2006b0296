// build: link
// Resets and merges: what is in use stays; a merge changes no sum of the subprocess; heaps that end leave what they did.
// Subprocesses are apart. The tables are printed.
#include "stats.h"

static char printed[1 << 16];
static void out(const char* message, void* arg) {
  CHECK(arg == printed && strlen(printed) + strlen(message) < sizeof printed);
  strcat(printed, message);
}
static const char* text(void) {
  static char copy[sizeof printed];
  memcpy(copy, printed, sizeof copy);
  printed[0] = 0;
  return copy;
}

static void reset_and_merge(void) {
  mi_heap_t* heap = mi_heap_new();
  enum { COUNT = 1000 };
  static void* blocks[COUNT];
  for (int i = 0; i < COUNT; i++) blocks[i] = mi_heap_malloc(heap, 500);
  for (int i = 0; i < COUNT - 10; i++) mi_free(blocks[i]);
  mi_stats_merge();
  mi_stats_t own = stats_of(heap), all = stats_of(NULL);
  CHECK(own.malloc_normal.current == 5120 && own.malloc_normal.peak >= 512 * (COUNT - 32));

  mi_heap_stats_merge_to_subproc(heap);
  mi_heap_stats_merge_to_subproc(NULL);
  mi_heap_stats_merge_to_subproc((mi_heap_t*)blocks);
  mi_stats_t left = stats_of(heap), same = stats_of(NULL), past = empty_stats();
  CHECK(left.malloc_normal.current == 5120 && left.malloc_normal.peak == 5120 && left.malloc_normal.total == 5120);
  CHECK(left.pages.total == left.pages.current && left.pages_retire.total == 0);
  CHECK(memcmp(&same, &all, sizeof all) == 0);
  CHECK(mi_subproc_stats_get_exclusive(mi_subproc_current(), &past));
  CHECK(past.malloc_normal.current == 0 && past.malloc_normal.total >= 512 * (COUNT - 10));
  CHECK(past.committed.current == all.committed.current);
  heaps_add_up(mi_subproc_main());

  mi_heap_delete(heap);
  mi_stats_t ended = stats_of(NULL);
  CHECK(ended.malloc_normal.total >= all.malloc_normal.total && ended.malloc_normal.peak >= all.malloc_normal.peak);
  CHECK(ended.malloc_normal.current == all.malloc_normal.current && ended.heaps.current == all.heaps.current - 1);
  heaps_add_up(mi_subproc_main());

  mi_stats_reset();
  mi_stats_t anew = stats_of(NULL);
  check_order(&anew);
  CHECK(anew.malloc_normal.current == all.malloc_normal.current && anew.malloc_normal.total == anew.malloc_normal.current);
  CHECK(anew.committed.total == anew.committed.current && anew.pages.total == anew.pages.current);
  CHECK(anew.mmap_calls.total == 0 && anew.purged.total == 0 && anew.pages_retire.total == 0);
  for (int i = COUNT - 10; i < COUNT; i++) mi_free(blocks[i]);
  anew = stats_of(NULL);
  check_order(&anew);
  CHECK(anew.malloc_normal.current == all.malloc_normal.current - 5120);
}

static mi_subproc_id_t other;
static void* elsewhere(void* arg) {
  mi_subproc_add_current_thread(other);
  // Of this thread's subprocess, with blocks of the main one to free.
  for (int i = 0; i < 100; i++) mi_free(((void**)arg)[i]);
  mi_stats_t before = stats_of(NULL);
  CHECK(before.heaps.current == 1 && before.threads.current == 1 && blocks_in_use(&before) == 0);
  for (int i = 0; i < 100; i++) CHECK(mi_malloc(3000) != NULL);
  mi_stats_t now = stats_of(NULL);
  check_order(&now);
  CHECK(blocks_in_use(&now) == 100 && now.committed.current >= 300000 && now.reserved.current >= now.committed.current);
  CHECK(now.arena_count.total == 1);
  heaps_add_up(other);
  heaps_add_up(mi_subproc_main());
  return NULL;
}

static void subprocesses(void) {
  static void* blocks[100];
  for (int i = 0; i < 100; i++) blocks[i] = mi_malloc(700);
  mi_stats_t before = stats_of(NULL);
  other = mi_subproc_new();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, elsewhere, blocks) == 0 && pthread_join(thread, NULL) == 0);
  mi_stats_t here = stats_of(NULL), there = empty_stats();
  CHECK(mi_subproc_stats_get(other, &there) && blocks_in_use(&there) == 100 && there.threads.current == 0);
  CHECK(before.heaps.current == here.heaps.current && here.threads.current == 1);
  // The C library has kept one for the next thread.
  CHECK(blocks_in_use(&before) - blocks_in_use(&here) >= 99);
  heaps_add_up(mi_subproc_main());
  mi_subproc_destroy(other);
  CHECK(!mi_subproc_stats_get(other, &there));
  heaps_add_up(mi_subproc_main());
}

static void tables(void) {
  mi_heap_t* heap = mi_heap_new();
  CHECK(mi_heap_malloc(heap, 3000) != NULL);
  mi_heap_stats_print_out(heap, out, printed);
  const char* table = text();
  CHECK(strstr(table, "bin S   3072") != NULL && strstr(table, "pages") != NULL && strstr(table, "committed") == NULL);
  mi_subproc_stats_print_out(mi_subproc_main(), out, printed);
  table = text();
  CHECK(strstr(table, "committed") != NULL && strstr(table, "bin S   3072") != NULL);
  mi_subproc_heap_stats_print_out(mi_subproc_main(), out, printed);
  table = text();
  CHECK(strstr(table, "subprocess 0") != NULL && strstr(table, "(main)") != NULL && strstr(table, "bin S   3072") != NULL);
  mi_thread_stats_print_out(out, printed);
  CHECK(strstr(text(), "bin S   3072") != NULL);
  mi_heap_destroy(heap);
  mi_heap_stats_print_out(heap, out, printed);
  mi_heap_stats_print_out(NULL, out, printed);
  CHECK(text()[0] == 0);
}

int main(void) {
  reset_and_merge();
  subprocesses();
  tables();
  return 0;
}
