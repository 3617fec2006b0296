// build: preload
// env: MIMALLOC_DESTROY_ON_EXIT=0
// env: MIMALLOC_SHOW_STATS=1
// stdout: last
// With statistics shown at the end: atexit handlers, on_exit handlers, destructors and what runs after them
// allocate, free and reallocate.
#include "check.h"

static char* kept;
static void use(const char* when) {
  void* p = malloc(1000);
  kept = realloc(kept, strlen(kept) + 1000);
  CHECK(p != NULL && kept != NULL && strcmp(kept, "kept") == 0);
  free(p);
  p = calloc(100, 100);
  CHECK(p != NULL && all_bytes(p, 10000, 0));
  free(p);
  p = malloc(3 << 20);
  memset(p, 1, 3 << 20);
  free(p);
  if (write(1, when, strlen(when)) < 0) _exit(3);
}
static void at_exit(void) { use("atexit\n"); }
static void on_exit_too(int code, void* arg) {
  CHECK(code == 0);
  free(arg);
  use("on_exit\n");
}
__attribute__((destructor)) static void destruct(void) { use("destructor\n"); }
static void very_last(void) { use("last\n"); }
__attribute__((section(".fini_array.00001"), used)) static void (*fini)(void) = very_last;

static void* thread(void* arg) {
  for (;;) free(malloc(opaque_size(100)));
  return arg;
}

int main(void) {
  kept = strdup("kept");
  atexit(at_exit);
  on_exit(on_exit_too, malloc(10));
  // A thread that is still busy when the process ends.
  pthread_t busy;
  CHECK(pthread_create(&busy, NULL, thread, NULL) == 0);
  return 0;
}
