// build: preload
// strdup and strndup.
#include "check.h"

int main(void) {
  char* s = strdup("hello");
  CHECK(s != NULL && strcmp(s, "hello") == 0 && malloc_usable_size(s) >= 6);
  free(s);
  s = strdup(opaque(""));
  CHECK(s != NULL && *s == 0);
  free(s);
  s = strndup(opaque("hello"), 3);
  CHECK(s != NULL && strcmp(s, "hel") == 0);
  free(s);
  s = strndup(opaque("hello"), opaque_size(SIZE_MAX));
  CHECK(s != NULL && strcmp(s, "hello") == 0);
  free(s);
  char open_end[3] = {'a', 'b', 'c'};
  s = strndup(opaque(open_end), 3);
  CHECK(s != NULL && strcmp(s, "abc") == 0);
  free(s);
  size_t long_one = 3000000;
  char* text = malloc(long_one + 1);
  memset(text, 'x', long_one);
  text[long_one] = 0;
  s = strdup(text);
  CHECK(s != NULL && strlen(s) == long_one);
  free(s);
  free(text);
  return 0;
}
