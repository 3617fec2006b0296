// build: link
// tests: mi_register_deferred_free
// Functions that are registered one after the other while another thread allocates: each is called with its own argument.
// A call while the registration changes may be left out. (The reference library passes by luck.)
#include <sched.h>

#include "conf.h"

static int arguments[2], stop;
static long calls;
static void first(bool force, unsigned long long beat, void* arg) {
  (void)force;
  (void)beat;
  CHECK(arg == &arguments[0]);
  __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}
static void second(bool force, unsigned long long beat, void* arg) {
  (void)force;
  (void)beat;
  CHECK(arg == &arguments[1]);
  __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}
static void* registers(void* arg) {
  while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
    for (int i = 0; i < 50; i++) {
      mi_register_deferred_free(first, &arguments[0]);
      mi_register_deferred_free(second, &arguments[1]);
    }
    // Not all the time: then most calls would be left out.
    for (int i = 0; i < 200; i++) __atomic_load_n(&stop, __ATOMIC_SEQ_CST);
    sched_yield();
  }
  return arg;
}
int main(void) {
  pthread_t id;
  CHECK(pthread_create(&id, NULL, registers, NULL) == 0);
  while (__atomic_load_n(&calls, __ATOMIC_RELAXED) < 50000) {
    void* p[64];
    for (int i = 0; i < 64; i++) p[i] = mi_malloc(200);
    for (int i = 0; i < 64; i++) mi_free(p[i]);
    // Takes a slow path, on which a registration is seen.
    mi_free(mi_malloc(200000));
  }
  stop = 1;
  CHECK(pthread_join(id, NULL) == 0);
  mi_register_deferred_free(NULL, NULL);
  long before = calls;
  for (int i = 0; i < 10000; i++) mi_free(mi_malloc((size_t)i));
  CHECK(calls == before);
  return 0;
}
