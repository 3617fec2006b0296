// build: preload
// Each function is the first call of a fresh thread, on a block of another thread where it takes one.
#include "check.h"

extern size_t malloc_size(const void*) __attribute__((weak));
extern void mi_collect(_Bool) __attribute__((weak));
extern void* mi_expand(void*, size_t) __attribute__((weak));
extern void mi_stats_merge(void) __attribute__((weak));
extern void mi_thread_done(void) __attribute__((weak));
extern _Bool mi_check_owned(const void*) __attribute__((weak));

static char* given;
static int which;

static void* first(void* arg) {
  void* p = NULL;
  switch (which) {
    case 0: p = malloc(10); break;
    case 1: p = calloc(10, 10); break;
    case 2: p = realloc(NULL, 10); break;
    case 3: given = realloc(given, 10000); break;
    case 4: given = realloc(given, 5); break;
    case 5: free(given); given = NULL; break;
    case 6: CHECK(malloc_usable_size(given) >= 100); break;
    case 7: p = memalign(256, 10); break;
    case 8: CHECK(posix_memalign(&p, 1 << 20, 10) == 0); break;
    case 9: p = strdup("x"); break;
    case 10: free(NULL); break;
    case 11: malloc_trim(0); break;
    case 12: CHECK(mallinfo2().uordblks > 0); break;
    case 13: p = reallocarray(NULL, 10, 10); break;
    case 14: p = malloc((size_t)100 << 20); break;
    case 15: CHECK(malloc(opaque_size(SIZE_MAX)) == NULL); break;
    case 16: if (mi_collect) mi_collect(true); break;
    case 17: if (mi_expand) CHECK(mi_expand(given, 50) == given); break;
    case 18: if (mi_stats_merge) mi_stats_merge(); break;
    case 19: if (mi_thread_done) mi_thread_done(); break;
    case 20: if (mi_check_owned) CHECK(mi_check_owned(given)); break;
    case 21: p = pvalloc(10); break;
    case 22: if (malloc_size) CHECK(malloc_size(given) >= 100); break;
    case 23: if (mi_thread_done) { free(malloc(10)); mi_thread_done(); p = malloc(10); mi_thread_done(); } break;
  }
  free(p);
  return arg;
}

int main(void) {
  for (int round = 0; round < 20; round++)
    for (which = 0; which < 24; which++) {
      given = malloc(100);
      memset(given, 7, 100);
      pthread_t id;
      CHECK(pthread_create(&id, NULL, first, NULL) == 0);
      CHECK(pthread_join(id, NULL) == 0);
      CHECK(given == NULL || all_bytes(given, 5, 7));
      free(given);
    }
  return 0;
}
