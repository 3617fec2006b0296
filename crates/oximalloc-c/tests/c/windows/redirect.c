// build: link
// The C runtime's functions are ours: what they give, and what the runtime builds on them. What was allocated before
// stays the runtime's and can still be resized and freed.
#include "../conf.h"

static bool ours(const void* p) { return p != NULL && mi_any_heap_contains(p); }

static void* in_thread(void* number) {
  char* texts[200];
  for (int i = 0; i < 200; i++) {
    char text[32];
    snprintf(text, sizeof text, "%d of %d", i, (int)(intptr_t)number);
    CHECK(ours(texts[i] = strdup(text)));
  }
  for (int i = 0; i < 200; i++) CHECK(atoi(texts[i]) == i);
  for (int i = 0; i < 200; i++) free(texts[i]);
  return NULL;
}

int main(void) {
  CHECK(mi_is_redirected());
  char* p = malloc(100);
  CHECK(ours(p) && _msize(p) >= 100);
  fill(p, 100, 1);
  p = realloc(p, 100000);
  CHECK(ours(p) && filled(p, 100, 1));
  CHECK(_expand(p, 50000) == p);
  free(p);
  CHECK(realloc(malloc(10), 0) == NULL);
  p = calloc(100, 10);
  CHECK(ours(p) && all_bytes(p, 1000, 0));
  // (Import libraries do not have it.)
  void* (*recalloc)(void*, size_t, size_t) =
      (void* (*)(void*, size_t, size_t))GetProcAddress(GetModuleHandleA("msvcrt.dll"), "_recalloc");
  if (recalloc != NULL) {
    p = recalloc(p, 1000, 10);
    CHECK(ours(p) && all_bytes(p, 10000, 0));
  }
  free(p);
  free(NULL);
  CHECK(malloc(TOO_MUCH) == NULL && errno == ENOMEM);
  p = _aligned_malloc(1000, 256);
  CHECK(ours(p) && aligned_to(p, 256));
  fill(p, 1000, 2);
  p = _aligned_realloc(p, 5000, 256);
  CHECK(ours(p) && aligned_to(p, 256) && filled(p, 256, 2));
  _aligned_free(p);
  wchar_t* wide = _wcsdup(L"wide");
  CHECK(ours(wide) && wcscmp(wide, L"wide") == 0);
  free(wide);
  // The runtime has had its table of variables since before.
  for (int i = 0; i < 300; i++) {
    char text[64];
    snprintf(text, sizeof text, "REDIRECT_%d=%d", i, i);
    CHECK(putenv(text) == 0);
  }
  CHECK(strcmp(getenv("REDIRECT_299"), "299") == 0);
  FILE* file = tmpfile();
  if (file != NULL) {
    fprintf(file, "text");
    fclose(file);
  }
  crew(8, in_thread);
  printf("done\n");
  return 0;
}
