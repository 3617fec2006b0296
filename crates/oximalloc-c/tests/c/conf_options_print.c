// build: link
// stderr: purge_delay
// tests: mi_options_print mi_options_print_out
// The options are printed, to a function or to standard error.
#include "conf.h"

static char text[1 << 16];
static void out(const char* message, void* arg) {
  CHECK(arg == text);
  strncat(text, message, sizeof text - strlen(text) - 1);
}
int main(void) {
  mi_option_set(mi_option_purge_delay, 4321);
  mi_options_print_out(out, text);
  CHECK(strstr(text, "purge_delay") != NULL && strstr(text, "4321") != NULL && strstr(text, "arena_reserve") != NULL);
  mi_options_print();
  return 0;
}
