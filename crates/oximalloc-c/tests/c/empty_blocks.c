// build: preload
// no-stderr: invalid pointer
// Blocks of no bytes: each has an address of its own, and nobody can read or write there. They can be freed, reallocated and
// asked for their size, by other threads too. When they run out, others take their place.
#include "check.h"
#include <setjmp.h>
#include <signal.h>

enum { MANY = 6000 };
static char* blocks[MANY];
static sigjmp_buf back;

static void on_fault(int signal) {
  (void)signal;
  siglongjmp(back, 1);
}
static bool is_accessible(volatile char* p, bool write) {
  if (sigsetjmp(back, 1)) return false;
  if (write) *p = 1;
  char read = *p;
  (void)read;
  return true;
}
static int by_address(const void* a, const void* b) {
  char *const *x = a, *const *y = b;
  return (*x > *y) - (*x < *y);
}
static void* frees(void* arg) {
  for (int i = 0; i < MANY; i += 2) free(blocks[i]);
  return arg;
}

int main(void) {
  signal(SIGSEGV, on_fault);
  char* p = malloc(opaque_size(0));
  char* zeroed = calloc(opaque_size(0), 8);
  char* other = calloc(8, opaque_size(0));
  CHECK(p != NULL && zeroed != NULL && other != NULL && p != zeroed && zeroed != other);
  CHECK(!is_accessible(p, false) && !is_accessible(p, true) && !is_accessible(zeroed, false));
  CHECK(malloc_usable_size(p) == 0 && is_aligned(p, 16));

  // Reallocated to and from no bytes.
  p = realloc(p, 100);
  CHECK(p != NULL && malloc_usable_size(p) >= 100);
  memset(p, 1, 100);
  p = realloc(p, opaque_size(0));
  CHECK(p != NULL && !is_accessible(p, false));
  p = realloc(p, opaque_size(0));
  CHECK(p != NULL && !is_accessible(p, false));
  errno = 0;
  CHECK(realloc(p, SIZE_MAX) == NULL && errno == ENOMEM);
  free(p);
  free(zeroed);
  free(other);

  for (int round = 0; round < 3; round++) {
    int inaccessible = 0;
    for (int i = 0; i < MANY; i++) {
      blocks[i] = malloc(opaque_size(0));
      CHECK(blocks[i] != NULL && is_aligned(blocks[i], 16));
      inaccessible += !is_accessible(blocks[i], false);
    }
    CHECK(inaccessible == 65536 / 16);
    qsort(blocks, MANY, sizeof *blocks, by_address);
    for (int i = 1; i < MANY; i++) CHECK((uintptr_t)blocks[i] - (uintptr_t)blocks[i - 1] >= 16);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, frees, NULL) == 0);
    for (int i = 1; i < MANY; i += 2) free(blocks[i]);
    CHECK(pthread_join(thread, NULL) == 0);
  }
  return 0;
}
