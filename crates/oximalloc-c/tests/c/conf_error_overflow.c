// build: link
// tests: mi_register_error
// A product that overflows is an EOVERFLOW to the registered function. (The reference library tells it only in debug
// builds.)
#include "conf.h"

static int errors, last;
static void on_error(int code, void* arg) {
  (void)arg;
  errors++;
  last = code;
}
static void quiet(const char* message, void* arg) { (void)message, (void)arg; }
int main(void) {
  mi_register_output(quiet, NULL);
  mi_register_error(on_error, NULL);
  CHECK(mi_calloc(OVERFLOWING, 16) == NULL && errors == 1 && last == EOVERFLOW);
  CHECK(mi_mallocn(OVERFLOWING, 16) == NULL && errors == 2 && last == EOVERFLOW);
  CHECK(mi_reallocn(NULL, OVERFLOWING, 16) == NULL && errors == 3 && last == EOVERFLOW);
  return 0;
}
