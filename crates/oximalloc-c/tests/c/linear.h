// What tests share of which a work must not take more than in proportion to its size. The CPU time of a work is taken with n
// things and with FACTOR times as many, in processes of their own, the least of some tries: so other work on the machine
// makes no difference but by what it takes of the caches, and that for both. In proportion the second takes FACTOR times as
// long, and the square of that where each thing costs a walk over all; the limit lies between.
#ifndef LINEAR_H
#define LINEAR_H
#include "check.h"
#include <sys/wait.h>

enum { FACTOR = 8, MOST = 26, TRIES = 6, PARTS = 10 };

static inline double process_seconds(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

// A limit of its own for a part that has one, where the caches make more of a difference.
static double part_most[PARTS];

// Of one process: since the last call of it, for the part with that number; the least of all calls counts.
static double part_least[PARTS], part_start;
static inline void part_begins(void) { part_start = process_seconds(); }
static inline void part_ends(int part) {
  double took = process_seconds() - part_start;
  if (part_least[part] == 0 || took < part_least[part]) part_least[part] = took;
  part_start = process_seconds();
}

// The parts of `work(n)`, in a process of its own, into `least` where they are less.
static inline void run_apart(void (*work)(size_t), size_t n, double* least) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    work(n);
    CHECK(write(ends[1], part_least, sizeof part_least) == (ssize_t)sizeof part_least);
    _exit(0);
  }
  double took[PARTS];
  CHECK(read(ends[0], took, sizeof took) == (ssize_t)sizeof took);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(ends[0]);
  close(ends[1]);
  for (int i = 0; i < PARTS; i++)
    if (least[i] == 0 || took[i] < least[i]) least[i] = took[i];
}

// Each part of `work` takes time in proportion to n. `names` ends with null.
static inline void check_linear(void (*work)(size_t), size_t n, const char* const* names) {
  double small[PARTS] = {0}, large[PARTS] = {0};
  bool fine = false;
  for (int i = 0; i < TRIES && !fine; i++) {
    run_apart(work, n, small);
    run_apart(work, n * FACTOR, large);
    fine = true;
    for (int k = 0; names[k] != NULL; k++) fine = fine && large[k] <= (part_most[k] == 0 ? MOST : part_most[k]) * small[k];
  }
  for (int k = 0; names[k] != NULL; k++)
    fprintf(stderr, "%s: %.3f ms, %d times as many %.3f ms\n", names[k], small[k] * 1e3, FACTOR, large[k] * 1e3);
  CHECK(fine);
}
#endif
