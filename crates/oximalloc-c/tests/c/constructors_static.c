// build: static
// shared: other_library.c
// stdout: other library ended
// With the static library: constructors and destructors of another library allocate and free.
#include "check.h"

extern char* other_text;

int main(void) {
  CHECK(strcmp(other_text, "from a constructor") == 0);
  other_text = realloc(other_text, 100);
  CHECK(strcmp(other_text, "from a constructor") == 0);
  return 0;
}
