// build: link
// tests: mi_arenas_print mi_debug_show_arenas
// Something about the arenas is printed, through the registered function.
#include "conf.h"

static size_t length;
static void out(const char* message, void* arg) {
  CHECK(arg == (void*)&length);
  length += strlen(message);
}
int main(void) {
  mi_register_output(out, &length);
  mi_free(mi_malloc(100000));
  length = 0;
  mi_arenas_print();
  CHECK(length > 0);
  length = 0;
  mi_debug_show_arenas();
  CHECK(length > 0);
  mi_register_output(NULL, NULL);
  return 0;
}
