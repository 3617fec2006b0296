// build: plugin
// A plugin with the static library in it, for thread_end_plugin: threads use it, and again in the destructor of a key of its
// own, in each round.
#include <mimalloc-stats.h>
#include <mimalloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static pthread_key_t key;

static void use_some(void) {
  void* p[100];
  for (size_t i = 0; i < 100; i++) p[i] = mi_malloc(i * 20);
  for (size_t i = 0; i < 100; i++) mi_free(p[i]);
}
static void late(void* value) {
  use_some();
  if ((intptr_t)value < 4) pthread_setspecific(key, (void*)((intptr_t)value + 1));
}
__attribute__((constructor)) static void start(void) {
  if (pthread_key_create(&key, late) != 0) abort();
}
__attribute__((destructor)) static void end(void) { pthread_key_delete(key); }

void thread_end_plugin_use(bool begins) {
  pthread_setspecific(key, (void*)(intptr_t)(begins ? 1 : 4));
  if (begins) use_some();
}
long thread_end_plugin_threads(void) {
  mi_stats_t stats = {.size = sizeof(mi_stats_t), .version = MI_STAT_VERSION};
  return mi_stats_get(&stats) ? (long)stats.threads.current : -1;
}
