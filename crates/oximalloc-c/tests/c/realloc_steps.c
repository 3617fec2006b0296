// build: preload
// A block grown by 8 bytes again and again, alone and beside another that grows too: linear, not quadratic. Three times as
// many steps take about three times as long; it would be nine times.
#include "check.h"

enum { FEW = 100000, MANY = 3 * FEW };

static double alone(size_t steps) {
  double start = cpu_seconds();
  char* p = NULL;
  for (size_t i = 1; i <= steps; i++) {
    p = realloc(p, i * 8);
    CHECK(p != NULL);
    memcpy(p + (i - 1) * 8, &i, 8);
  }
  double took = cpu_seconds() - start;
  for (size_t i = 1; i <= steps; i++) CHECK(memcmp(p + (i - 1) * 8, &i, 8) == 0);
  free(p);
  return took;
}

static double beside(size_t steps) {
  double start = cpu_seconds();
  char* p = NULL;
  char* q = NULL;
  for (size_t i = 1; i <= steps; i++) {
    p = realloc(p, i * 8);
    q = realloc(q, i * 8);
    CHECK(p != NULL && q != NULL);
    p[i * 8 - 1] = 1;
    q[i * 8 - 1] = 2;
  }
  double took = cpu_seconds() - start;
  for (size_t i = 1; i <= steps; i++) CHECK(p[i * 8 - 1] == 1 && q[i * 8 - 1] == 2);
  free(p);
  free(q);
  return took;
}

// How much longer the many steps take, with the least of some tries of each.
static double ratio(double (*grow)(size_t)) {
  double few = 1e9, many = 1e9;
  for (int i = 0; i < 5; i++) {
    double took = grow(FEW);
    if (took < few) few = took;
    took = grow(MANY);
    if (took < many) many = took;
  }
  fprintf(stderr, "%d steps %.4f s, %d steps %.4f s\n", FEW, few, MANY, many);
  return many / few;
}

int main(void) {
  CHECK(ratio(alone) < 6);
  CHECK(ratio(beside) < 6);
  return 0;
}
