// build: link
// tests: mi_register_deferred_free
// The function is called now and then by allocations, with a heartbeat that only rises in a thread, with force when
// all is collected; it may free and allocate; after NULL was registered it is not called any more.
#include "conf.h"

static unsigned long long last_beat;
static int beats, forced, inside;
static void* kept[100000];
static int waiting;
static void deferred(bool force, unsigned long long beat, void* arg) {
  CHECK(arg == (void*)&beats && beat >= last_beat && inside == 0);
  inside = 1;
  last_beat = beat;
  beats++;
  forced += force;
  while (waiting > 0) mi_free(kept[--waiting]);
  mi_free(mi_malloc(100));
  inside = 0;
}
int main(void) {
  mi_register_deferred_free(deferred, &beats);
  for (int i = 0; i < 100000; i++) {
    // The call may free all that wait.
    void* p = mi_malloc((size_t)i % 1000 + 1);
    kept[waiting++] = p;
    CHECK(waiting < 100000);
  }
  CHECK(beats > 1);
  int before = forced;
  mi_collect(true);
  CHECK(forced > before && waiting == 0);
  mi_register_deferred_free(NULL, NULL);
  before = beats;
  for (int i = 0; i < 100000; i++) mi_free(mi_malloc((size_t)i % 1000 + 1));
  mi_collect(true);
  CHECK(beats == before);
  return 0;
}
