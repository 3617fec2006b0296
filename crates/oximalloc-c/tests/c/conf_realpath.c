// build: link
// tests: mi_realpath
// A path without links and dots, in a new block or in the caller's buffer.
#include "conf.h"
#include <limits.h>

int main(void) {
  char* path = mi_realpath("/proc/../tmp/.", NULL);
  CHECK(path != NULL && strcmp(path, "/tmp") == 0 && mi_any_heap_contains(path));
  mi_free(path);
  char buffer[PATH_MAX];
  CHECK(mi_realpath("/tmp/..", buffer) == buffer && strcmp(buffer, "/") == 0);
  errno = 0;
  CHECK(mi_realpath("/no/such/place", NULL) == NULL && errno == ENOENT);
  errno = 0;
  CHECK(mi_realpath("/no/such/place", buffer) == NULL && errno == ENOENT);
  errno = 0;
  CHECK(mi_realpath(NULL, NULL) == NULL && errno == EINVAL);
  return 0;
}
