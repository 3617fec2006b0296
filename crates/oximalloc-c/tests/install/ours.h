// What the programs here share: a check that ends the program, and what may be asked of the library.
#ifndef OURS_H
#define OURS_H
#include <mimalloc.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                            \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);       \
      exit(1);                                                                      \
    }                                                                               \
  } while (0)

static inline void check_version(void) {
  CHECK(mi_version() == MI_MALLOC_VERSION && mi_version() / 100 == 304);
#ifdef DEBUG_FLAVOUR
  CHECK(mi_option_is_enabled(mi_option_show_errors));
#else
  CHECK(!mi_option_is_enabled(mi_option_show_errors));
#endif
}
#endif
