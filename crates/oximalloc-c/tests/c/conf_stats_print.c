// build: link
// stderr: pages
// tests: mi_stats_print mi_stats_print_out mi_thread_stats_print_out
// The statistics are printed, to standard error, or to a function that gets its argument with every piece.
#include "conf.h"

static char text[1 << 18];
static int pieces;
static void out(const char* message, void* arg) {
  CHECK(arg == (void*)&pieces && message != NULL);
  pieces++;
  strncat(text, message, sizeof text - strlen(text) - 1);
}
int main(void) {
  mi_free(mi_malloc(100000));
  mi_stats_print_out(out, &pieces);
  CHECK(pieces > 0 && strlen(text) > 200 && strstr(text, "pages") != NULL && strstr(text, "commit") != NULL);
  text[0] = 0;
  mi_thread_stats_print_out(out, &pieces);
  CHECK(strlen(text) > 0);
  mi_stats_print(NULL);
  return 0;
}
