// build: link
// stderr: elapsed
// tests: mi_process_info mi_process_info_print mi_process_info_print_out
// Time and memory of the process, each only where it is wanted.
#include "conf.h"

static char text[10000];
static void out(const char* message, void* arg) {
  CHECK(arg == text);
  strncat(text, message, sizeof text - strlen(text) - 1);
}
int main(void) {
  size_t elapsed = 0, user = 0, system = 0, rss = 0, peak = 0, commit = 0, peak_commit = 0, faults = 0;
  char* p = mi_malloc(50 << 20);
  memset(p, 1, 50 << 20);
  // Processor time: on a busy machine that takes longer by the clock.
  double start = seconds();
  while (cpu_seconds() < 0.2) mi_free(mi_malloc(100));
  double took = (seconds() - start) * 1000;
  mi_process_info(&elapsed, &user, &system, &rss, &peak, &commit, &peak_commit, &faults);
  // The system counts both in ticks of up to 10 ms. Milliseconds they are, not microseconds.
  CHECK((double)elapsed >= took - 20 && (double)elapsed < 300 * (took + 200));
  CHECK(user + system >= 180 && user + system < 60000);
  CHECK(rss >= 50 << 20 && peak >= 50 << 20 && commit >= 50 << 20 && peak_commit >= commit);
  CHECK(faults < 10000000);
  size_t later = 0;
  mi_process_info(&later, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CHECK(later >= elapsed);
  mi_process_info(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  mi_process_info_print_out(out, text);
  CHECK(strstr(text, "elapsed") != NULL);
  mi_process_info_print();
  mi_free(p);
  return 0;
}
