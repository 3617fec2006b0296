// secure: 0
// build: link
// env: MIMALLOC_SHOW_ERRORS=1
// stderr: not a theap of the calling thread
// A theap's rate and bounds are changed by calls, back and forth; another thread's theap is refused. (A null theap is the
// calling thread's.)
#include "guarded.h"

void mi_theap_guarded_set_sample_rate(void* theap, size_t rate, size_t seed);
void mi_theap_guarded_set_size_bound(void* theap, size_t min, size_t max);
__attribute__((weak)) void* mi_theap_get_default(void);

static int count(size_t size) {
  void* p[100];
  int guarded = 0;
  for (int i = 0; i < 100; i++) p[i] = malloc(size);
  for (int i = 0; i < 100; i++) guarded += is_guarded(p[i]);
  for (int i = 0; i < 100; i++) free(p[i]);
  return guarded;
}

static void* thread(void* arg) {
  CHECK(count(64) == 0);
  mi_theap_guarded_set_sample_rate(NULL, 2, 0);
  CHECK(count(64) == 50);
  if (arg) mi_theap_guarded_set_sample_rate(arg, 1, 0);
  return NULL;
}

int main(void) {
  void* mine = mi_theap_get_default ? mi_theap_get_default() : NULL;
  if (!mine) fprintf(stderr, "not tested: not a theap of the calling thread\n");
  CHECK(count(64) == 0);
  for (size_t i = 0; i < 20; i++) {
    mi_theap_guarded_set_sample_rate(mine, 4, 1);
    CHECK(count(64) == 25 && count(100000) == 25);
    mi_theap_guarded_set_size_bound(mine, 200, 300);
    CHECK(count(64) == 0 && count(199) == 0 && count(200) == 25 && count(300) == 25 && count(301) == 0);
    mi_theap_guarded_set_size_bound(mine, 0, (size_t)1 << 30);
    mi_theap_guarded_set_sample_rate(mine, 1, i);
    CHECK(count(64) == 100);
    mi_theap_guarded_set_sample_rate(mine, 0, i);
    CHECK(count(64) == 0);
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, mine) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    CHECK(count(64) == 0);
  }
  return 0;
}
