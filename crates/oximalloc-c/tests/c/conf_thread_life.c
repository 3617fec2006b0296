// build: link
// tests: mi_thread_init mi_thread_done mi_thread_set_in_threadpool
// A thread may begin and end for the allocator more than once; its blocks stay, and it can allocate again.
#include "conf.h"

static char* left[8];
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  mi_thread_init();
  mi_thread_init();
  if (me % 2 == 0) mi_thread_set_in_threadpool();
  left[me] = mi_malloc(1000);
  fill(left[me], 1000, (unsigned)me);
  char* p = mi_malloc(100);
  mi_thread_done();
  mi_free(p);
  CHECK(filled(left[me], 1000, (unsigned)me));
  p = mi_malloc(100);
  CHECK(p != NULL);
  fill(p, 100, 1);
  mi_free(p);
  mi_thread_done();
  if (me % 3 == 0) mi_thread_done();
  return NULL;
}
int main(void) {
  for (int round = 0; round < 20; round++) {
    crew(8, work);
    for (int i = 0; i < 8; i++) {
      CHECK(filled(left[i], 1000, (unsigned)i));
      mi_free(left[i]);
    }
  }
  return 0;
}
