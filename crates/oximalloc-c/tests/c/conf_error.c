// build: link
// tests: mi_register_error
// Errors go to the registered function: too much memory is ENOMEM or EOVERFLOW, a product that overflows EOVERFLOW or
// ENOMEM. With NULL none goes there any more.
#include "conf.h"

static int errors, last;
static void on_error(int code, void* arg) {
  CHECK(arg == (void*)&errors);
  errors++;
  last = code;
}
static void quiet(const char* message, void* arg) { (void)message, (void)arg; }
static void told(int before) { CHECK(errors > before && (last == ENOMEM || last == EOVERFLOW)); }
int main(void) {
  mi_register_output(quiet, NULL);
  mi_register_error(on_error, &errors);
  CHECK(mi_malloc(TOO_MUCH) == NULL);
  told(0);
  int before = errors;
  CHECK(mi_malloc(opaque_size(SIZE_MAX)) == NULL);
  told(before);
  before = errors;
  CHECK(mi_malloc_aligned(TOO_MUCH, 64) == NULL);
  told(before);
  before = errors;
  mi_free(mi_malloc(100));
  mi_free(NULL);
  mi_free(mi_calloc(0, 0));
  CHECK(errors == before);
  mi_register_error(NULL, NULL);
  CHECK(mi_malloc(TOO_MUCH) == NULL && errors == before);
  return 0;
}
