// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// no-stderr: mimalloc: error
// A program has a malloc of its own, as Chromium and Firefox have. What the C library makes by it goes to its own free: copies
// of strings, and blocks that reallocarray moved.
#include <string.h>
#include <unistd.h>

static char memory[1 << 20] __attribute__((aligned(64)));
static size_t used;
static int frees;
static void (*volatile hide)(void*);

static void check(int holds) {
  if (!holds) _exit(1);
}
static int is_own(const void* p) { return (const char*)p > memory && (const char*)p < memory + sizeof memory; }

void* malloc(size_t size) {
  size_t* p = (size_t*)(void*)(memory + used);
  used += (size + 16 + 63) / 64 * 64;
  check(used <= sizeof memory);
  *p = size;
  return p + 2;
}
void free(void* p) {
  if (p == NULL) return;
  check(is_own(p));
  frees++;
}
void* calloc(size_t count, size_t size) { return memset(malloc(count * size), 0, count * size); }
void* realloc(void* p, size_t size) {
  void* q = malloc(size);
  if (p != NULL) {
    check(is_own(p));
    memcpy(q, p, ((size_t*)p)[-2] < size ? ((size_t*)p)[-2] : size);
  }
  return q;
}

extern void* reallocarray(void*, size_t, size_t);

int main(void) {
  hide = free;
  for (int i = 0; i < 100; i++) {
    char* copy = strdup("a string");
    check(is_own(copy) && strcmp(copy, "a string") == 0);
    char* part = strndup("a string", 3);
    check(is_own(part) && strcmp(part, "a s") == 0);
    char* all = strndup("ab", 100);
    check(is_own(all) && strcmp(all, "ab") == 0);
    copy = reallocarray(copy, 10, 10);
    check(is_own(copy) && strcmp(copy, "a string") == 0);
    int before = frees;
    hide(copy);
    hide(part);
    hide(all);
    check(frees == before + 3);
  }
  return 0;
}
