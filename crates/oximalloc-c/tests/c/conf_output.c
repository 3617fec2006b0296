// build: link
// tests: mi_register_output mi_options_print
// What is printed goes to the registered function with its argument, to another one when that is registered, and to
// standard error again after NULL.
#include "conf.h"

static size_t first, second;
static void one(const char* message, void* arg) {
  CHECK(arg == (void*)&first);
  first += strlen(message);
}
static void two(const char* message, void* arg) {
  CHECK(arg == (void*)&second);
  second += strlen(message);
  // It may allocate.
  mi_free(mi_strdup(message));
}
int main(void) {
  mi_register_output(one, &first);
  mi_options_print();
  CHECK(first > 0);
  mi_register_output(two, &second);
  size_t before = first;
  mi_options_print();
  CHECK(first == before && second > 0);
  mi_register_output(NULL, NULL);
  size_t after = second;
  mi_options_print();
  CHECK(first == before && second == after);
  return 0;
}
