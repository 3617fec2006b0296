// build: link
// tests: mi_subproc_new mi_subproc_add_current_thread mi_subproc_current mi_subproc_destroy
// A thread that joins a new subprocess has a main heap of its own there; others stay where they are.
// (In the reference library such a thread has no main heap and cannot make a heap; the promise is the
// documentation's.)
#include "conf.h"

static bool same(mi_subproc_id_t a, mi_subproc_id_t b) { return memcmp(&a, &b, sizeof a) == 0; }
static mi_subproc_id_t subs[2];
static mi_heap_t *mains[2], *first_main;
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  mi_subproc_add_current_thread(subs[me]);
  CHECK(same(mi_subproc_current(), subs[me]));
  mains[me] = mi_heap_main();
  CHECK(mains[me] != NULL && mains[me] != first_main);
  EACH_SIZE(size) {
    void* p = mi_malloc(size);
    belongs(mains[me], p, size);
    mi_free(p);
  }
  mi_heap_t* heap = mi_heap_new();
  void* p = mi_heap_malloc(heap, 1000);
  belongs(heap, p, 1000);
  mi_free(p);
  mi_heap_delete(heap);
  return NULL;
}
int main(void) {
  first_main = mi_heap_main();
  for (int i = 0; i < 2; i++) subs[i] = mi_subproc_new();
  CHECK(!same(subs[0], subs[1]) && !same(subs[0], mi_subproc_main()) && !same(subs[1], mi_subproc_main()));
  CHECK(same(mi_subproc_current(), mi_subproc_main()));
  crew(2, work);
  CHECK(mains[0] != mains[1] && mi_heap_main() == first_main);
  CHECK(same(mi_subproc_current(), mi_subproc_main()));
  for (int i = 0; i < 2; i++) mi_subproc_destroy(subs[i]);
  mi_free(mi_malloc(100));
  return 0;
}
