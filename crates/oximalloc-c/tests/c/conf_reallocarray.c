// build: link
// tests: mi_reallocarray mi_reallocarr
// The BSD forms: errors go to errno, or are the answer; the block stays when there is one. (The reference library
// sets EOVERFLOW where the manual of reallocarray has ENOMEM; the promise is the manual's.)
#include "conf.h"

int main(void) {
  unsigned char* p = mi_reallocarray(NULL, 10, 10);
  CHECK(p != NULL && mi_usable_size(p) >= 100);
  fill(p, 100, 1);
  p = mi_reallocarray(p, 100, 100);
  CHECK(p != NULL && mi_usable_size(p) >= 10000 && filled(p, 100, 1));
  errno = 0;
  CHECK(mi_reallocarray(p, OVERFLOWING, 16) == NULL && errno == ENOMEM);
  CHECK(filled(p, 100, 1));

  // mi_reallocarr is given the address of the pointer, changes it only when it succeeds, and answers with the error.
  CHECK(mi_reallocarr(&p, 200, 100) == 0);
  CHECK(p != NULL && mi_usable_size(p) >= 20000 && filled(p, 100, 1));
  unsigned char* before = p;
  CHECK(mi_reallocarr(&p, OVERFLOWING, 16) != 0 && p == before && filled(p, 100, 1));
  CHECK(mi_reallocarr(&p, 1, TOO_MUCH) != 0 && p == before && filled(p, 100, 1));
  CHECK(mi_reallocarr(NULL, 1, 1) == EINVAL);
  mi_free(p);
  void* q = NULL;
  CHECK(mi_reallocarr(&q, 3, 5) == 0 && q != NULL);
  mi_free(q);
  return 0;
}
