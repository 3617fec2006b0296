// build: link
// memcheck: no
// tests: mi_subproc_new mi_subproc_add_current_thread mi_subproc_destroy
// 32 threads in eight subprocesses allocate and end, leaving half of it; then the subprocesses are destroyed, while
// threads of the main one go on.
// (With the reference library such a thread crashes when it frees or ends; the promise is the documentation's.)
#include "conf.h"

enum { THREADS = 32, SUBS = 8 };
static mi_subproc_id_t subs[SUBS];
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  if (me % (SUBS + 1) < SUBS) mi_subproc_add_current_thread(subs[me % (SUBS + 1)]);
  char* p[300];
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 300; i++) fill(p[i] = mi_malloc((size_t)i * 20 + 1), (size_t)i * 20 + 1, (unsigned)me);
    for (int i = 0; i < 300; i++) {
      CHECK(filled(p[i], (size_t)i * 20 + 1, (unsigned)me));
      if (i % 2 == 0 || me % (SUBS + 1) == SUBS) mi_free(p[i]);
    }
  }
  return NULL;
}
int main(void) {
  char* mine = mi_malloc(10000);
  fill(mine, 10000, 1);
  long first = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < SUBS; i++) subs[i] = mi_subproc_new();
    crew(THREADS, work);
    for (int i = 0; i < SUBS; i++) mi_subproc_destroy(subs[i]);
    CHECK(filled(mine, 10000, 1));
    if (round == 2) first = rss_kib();
  }
  CHECK(rss_kib() < first + 200000);
  mi_free(mine);
  return 0;
}
