// build: link
// tests: mi_subproc_stats_get mi_subproc_stats_get_exclusive mi_subproc_stats_get_json mi_subproc_stats_print_out
// tests: mi_subproc_heap_stats_print_out
// The figures of a subprocess as a struct, as JSON, and as text, of its own or with its heaps'; none of no subprocess.
#include "conf.h"

static char text[1 << 20];
static void out(const char* message, void* arg) {
  CHECK(arg == text);
  strncat(text, message, sizeof text - strlen(text) - 1);
}
int main(void) {
  static mi_stats_t stats;
  mi_subproc_id_t none, first = mi_subproc_main();
  memset(&none, 0, sizeof none);
  mi_heap_t* heap = mi_heap_new();
  void* p = mi_heap_malloc(heap, 20 << 20);
  CHECK(p != NULL);
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_subproc_stats_get(first, &stats) && stats.size == sizeof stats && stats.version == MI_STAT_VERSION);
  CHECK(stats.committed.current > 0 && stats.heaps.current >= 1 && stats.threads.current >= 1);
  CHECK(mi_subproc_stats_get_exclusive(first, &stats) && stats.size == sizeof stats);
  CHECK(!mi_subproc_stats_get(none, &stats) && !mi_subproc_stats_get_exclusive(none, &stats));
  stats.size++;
  CHECK(!mi_subproc_stats_get(first, &stats) && !mi_subproc_stats_get_exclusive(first, &stats));
  stats.size--;
  stats.version--;
  CHECK(!mi_subproc_stats_get(first, &stats) && !mi_subproc_stats_get_exclusive(first, &stats));
  CHECK(!mi_subproc_stats_get(first, NULL) && !mi_subproc_stats_get_exclusive(first, NULL));
  char* json = mi_subproc_stats_get_json(first, 0, NULL);
  CHECK(json != NULL && json[0] == '{' && strstr(json, "\"committed\"") != NULL);
  mi_free(json);
  CHECK(mi_subproc_stats_get_json(none, 0, NULL) == NULL);
  mi_subproc_stats_print_out(first, out, text);
  CHECK(strlen(text) > 100);
  text[0] = 0;
  mi_subproc_heap_stats_print_out(first, out, text);
  CHECK(strlen(text) > 100);
  mi_free(p);
  mi_heap_delete(heap);
  return 0;
}
