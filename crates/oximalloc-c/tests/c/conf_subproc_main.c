// build: link
// tests: mi_subproc_main mi_subproc_current
// Without asking, every thread is in the main subprocess.
#include "conf.h"

static bool same(mi_subproc_id_t a, mi_subproc_id_t b) { return memcmp(&a, &b, sizeof a) == 0; }
static void* work(void* arg) {
  (void)arg;
  CHECK(same(mi_subproc_current(), mi_subproc_main()));
  return NULL;
}
int main(void) {
  mi_subproc_id_t none;
  memset(&none, 0, sizeof none);
  CHECK(!same(mi_subproc_main(), none) && same(mi_subproc_main(), mi_subproc_main()));
  CHECK(same(mi_subproc_current(), mi_subproc_main()));
  crew(4, work);
  return 0;
}
