// secure: 0
// build: preload
// stderr: total
// mallinfo, mallinfo2, malloc_info (well-formed XML), malloc_trim, mallopt, malloc_stats.
#include "check.h"

// Every tag is closed in order; returns the number of elements, or -1.
static int elements(const char* xml) {
  char open[32][64];
  int depth = 0, count = 0;
  for (const char* at = strchr(xml, '<'); at != NULL; at = strchr(at + 1, '<')) {
    const char* end = strchr(at, '>');
    if (end == NULL) return -1;
    size_t name = strcspn(at + 1, " >/\n");
    if (at[1] == '/') {
      name = strcspn(at + 2, " >");
      if (depth == 0 || strlen(open[depth - 1]) != name || strncmp(open[depth - 1], at + 2, name) != 0) return -1;
      depth--;
    } else if (end[-1] == '/') {
      count++;
    } else {
      if (depth == 32 || name >= 64) return -1;
      memcpy(open[depth], at + 1, name);
      open[depth++][name] = 0;
      count++;
    }
  }
  return depth == 0 ? count : -1;
}

int main(void) {
  {
    // Blocks with a page of their own are counted while they are in use.
    size_t before = mallinfo2().hblks;
    void* large = malloc(opaque_size(1 << 20));
    CHECK(mallinfo2().hblks == before + 1);
    free(large);
    CHECK(mallinfo2().hblks == before);
  }
  enum { COUNT = 10000, SIZE = 1000 };
  static void* blocks[COUNT];
  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc(SIZE), 1, SIZE);
  struct mallinfo2 info = mallinfo2();
  CHECK(info.uordblks >= before + (size_t)COUNT * SIZE && info.uordblks < before + (size_t)COUNT * SIZE * 3 / 2);
  CHECK(info.arena + info.hblkhd >= info.uordblks);
  struct mallinfo narrow = mallinfo();
  CHECK(narrow.uordblks >= COUNT * SIZE && narrow.arena > 0);

  void* huge = malloc((size_t)300 << 20);
  CHECK(huge != NULL);
  struct mallinfo2 with = mallinfo2();
  CHECK(with.uordblks + with.hblkhd >= info.uordblks + info.hblkhd + ((size_t)300 << 20));
  free(huge);

  char* text = NULL;
  size_t length = 0;
  FILE* stream = open_memstream(&text, &length);
  CHECK(malloc_info(0, stream) == 0);
  errno = 0;
  int bad = malloc_info(1, stream);
  CHECK(bad == -1 || bad == EINVAL);
  fclose(stream);
  CHECK(strncmp(text, "<malloc version=\"1\">", 20) == 0 && elements(text) >= 4);
  free(text);

  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  CHECK(mallinfo2().uordblks <= before + 200000);
  int trimmed = malloc_trim(0);
  CHECK(trimmed == 0 || trimmed == 1);
  CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
  CHECK(mallopt(M_ARENA_MAX, 2) == 1);
  CHECK(mallopt(M_TRIM_THRESHOLD, 128 * 1024) == 1);
  CHECK(mallopt(M_MXFAST, -5) == 0);
  malloc_stats();
  return 0;
}
