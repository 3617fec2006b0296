// build: link
// tests: mi_heap_stats_get mi_heap_stats_get_json mi_heap_stats_print_out mi_heap_stats_merge_to_subproc
// The figures of one heap: its pages while it has blocks, and none of another's; as JSON and as text too.
#include "conf.h"

static mi_stats_t stats;
static char text[1 << 18];
static void out(const char* message, void* arg) {
  CHECK(arg == text);
  strncat(text, message, sizeof text - strlen(text) - 1);
}
int main(void) {
  mi_heap_t *heap = mi_heap_new(), *empty = mi_heap_new();
  void* p[100];
  for (int i = 0; i < 100; i++) p[i] = mi_heap_malloc(heap, 100000);
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_heap_stats_get(heap, &stats) && stats.size == sizeof stats && stats.version == MI_STAT_VERSION);
  CHECK(stats.pages.current > 0);
  CHECK(mi_heap_stats_get(empty, &stats) && stats.pages.current == 0);
  stats.size--;
  CHECK(!mi_heap_stats_get(heap, &stats));
  stats.size++;
  stats.version--;
  CHECK(!mi_heap_stats_get(heap, &stats) && !mi_heap_stats_get(heap, NULL));
  char* json = mi_heap_stats_get_json(heap, 0, NULL);
  CHECK(json != NULL && json[0] == '{' && strstr(json, "\"pages\"") != NULL);
  mi_free(json);
  char buffer[300];
  CHECK(mi_heap_stats_get_json(heap, sizeof buffer, buffer) == buffer && strlen(buffer) < sizeof buffer);
  mi_heap_stats_print_out(heap, out, text);
  CHECK(strlen(text) > 100);
  // Merging hands the figures over; what is in use afterwards is counted in the subprocess either way.
  mi_heap_stats_merge_to_subproc(heap);
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats) && stats.pages.current > 0);
  for (int i = 0; i < 100; i++) mi_free(p[i]);
  mi_heap_stats_merge_to_subproc(heap);
  mi_heap_delete(heap);
  mi_heap_delete(empty);
  CHECK(mi_stats_get(&stats));
  return 0;
}
