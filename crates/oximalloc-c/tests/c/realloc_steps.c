// build: preload
// timeout: 60
// A block grown 300 000 times by 8 bytes, alone and beside another that grows too: linear, not quadratic.
#include "check.h"

int main(void) {
  double start = seconds();
  char* p = NULL;
  char* q = NULL;
  for (size_t i = 1; i <= 300000; i++) {
    p = realloc(p, i * 8);
    CHECK(p != NULL);
    memcpy(p + (i - 1) * 8, &i, 8);
  }
  for (size_t i = 1; i <= 300000; i++) CHECK(memcmp(p + (i - 1) * 8, &i, 8) == 0);
  double alone = seconds() - start;
  free(p);
  p = NULL;
  start = seconds();
  for (size_t i = 1; i <= 300000; i++) {
    p = realloc(p, i * 8);
    q = realloc(q, i * 8);
    CHECK(p != NULL && q != NULL);
    p[i * 8 - 1] = 1;
    q[i * 8 - 1] = 2;
  }
  for (size_t i = 1; i <= 300000; i++) CHECK(p[i * 8 - 1] == 1 && q[i * 8 - 1] == 2);
  double beside = seconds() - start;
  free(p);
  free(q);
  fprintf(stderr, "alone %.3f s, beside %.3f s\n", alone, beside);
  CHECK(alone < 2.0 && beside < 4.0);
  return 0;
}
