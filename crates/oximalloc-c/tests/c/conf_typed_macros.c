// build: link
// tests: mi_free mi_usable_size
// Allocation by type: the macros give pointers of that type, with room for as many as were asked for.
#include "conf.h"

typedef struct { double x, y, z; } point_t;

int main(void) {
  point_t* one = mi_malloc_tp(point_t);
  CHECK(one != NULL && mi_usable_size(one) >= sizeof(point_t));
  mi_free(one);
  one = mi_zalloc_tp(point_t);
  CHECK(one != NULL && all_bytes(one, sizeof(point_t), 0));
  mi_free(one);
  point_t* many = mi_mallocn_tp(point_t, 10);
  CHECK(many != NULL && mi_usable_size(many) >= 10 * sizeof(point_t));
  many[9].z = 4;
  many = mi_reallocn_tp(point_t, many, 100);
  CHECK(many != NULL && many[9].z == 4 && mi_usable_size(many) >= 100 * sizeof(point_t));
  mi_free(many);
  many = mi_calloc_tp(point_t, 10);
  CHECK(many != NULL && all_bytes(many, 10 * sizeof(point_t), 0));
  many = mi_recalloc_tp(point_t, many, 1000);
  CHECK(many != NULL && all_bytes(many, 1000 * sizeof(point_t), 0));
  mi_free(many);
  return 0;
}
