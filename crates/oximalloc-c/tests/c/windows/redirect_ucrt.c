// build: link
// cflags: -nodefaultlibs
// The same for a program of the newer C runtime, ucrtbase.dll.
#include <malloc.h>
#include <mimalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static bool ours(const void* p) { return p != NULL && mi_any_heap_contains(p); }

static DWORD WINAPI in_thread(LPVOID failed) {
  char* texts[200];
  for (int i = 0; i < 200; i++) {
    texts[i] = _strdup("a text");
    if (!ours(texts[i])) *(volatile LONG*)failed = 1;
  }
  for (int i = 0; i < 200; i++) free(texts[i]);
  return 0;
}

int main(void) {
  if (!mi_is_redirected() || GetModuleHandleA("ucrtbase.dll") == NULL) return 2;
  char* p = malloc(100);
  if (!ours(p)) return 3;
  memset(p, 1, 100);
  p = realloc(p, 100000);
  if (!ours(p) || p[99] != 1 || _msize(p) < 100000) return 4;
  free(p);
  p = _aligned_malloc(100, 512);
  if (!ours(p) || ((size_t)p & 511) != 0) return 5;
  p = _aligned_realloc(p, 3000, 512);
  if (!ours(p) || ((size_t)p & 511) != 0) return 6;
  _aligned_free(p);
  LONG failed = 0;
  HANDLE threads[4];
  for (int i = 0; i < 4; i++) threads[i] = CreateThread(NULL, 0, in_thread, &failed, 0, NULL);
  if (WaitForMultipleObjects(4, threads, TRUE, INFINITE) != WAIT_OBJECT_0 || failed) return 7;
  puts("done");
  return 0;
}
