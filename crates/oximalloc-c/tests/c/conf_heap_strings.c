// build: link
// tests: mi_heap_strdup mi_heap_strndup mi_heap_realpath
// Strings in a heap.
#include "conf.h"
#include <limits.h>

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  char* s = mi_heap_strdup(heap, "hello");
  CHECK(s != NULL && strcmp(s, "hello") == 0 && mi_heap_of(s) == heap);
  mi_free(s);
  s = mi_heap_strdup(heap, "");
  CHECK(s != NULL && *s == 0);
  mi_free(s);
  s = mi_heap_strndup(heap, "hello", 2);
  CHECK(s != NULL && strcmp(s, "he") == 0 && mi_heap_of(s) == heap);
  mi_free(s);
  s = mi_heap_strndup(heap, "hello", 100);
  CHECK(s != NULL && strcmp(s, "hello") == 0);
  mi_free(s);
  char raw[2] = {'a', 'b'};
  s = mi_heap_strndup(heap, raw, 2);
  CHECK(s != NULL && strcmp(s, "ab") == 0);
  mi_free(s);
  CHECK(mi_heap_strdup(heap, NULL) == NULL && mi_heap_strndup(heap, NULL, 3) == NULL);
  s = mi_heap_realpath(heap, "/proc/../tmp", NULL);
  CHECK(s != NULL && strcmp(s, "/tmp") == 0 && mi_heap_of(s) == heap);
  mi_free(s);
  char buffer[PATH_MAX];
  CHECK(mi_heap_realpath(heap, "/tmp/..", buffer) == buffer && strcmp(buffer, "/") == 0);
  errno = 0;
  CHECK(mi_heap_realpath(heap, "/no/such/place", NULL) == NULL && errno == ENOENT);
  CHECK(live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
