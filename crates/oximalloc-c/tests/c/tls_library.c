// build: shared
// For dlopen_static_tls.c: a library that takes most of the static thread-local space left to late libraries.
static __thread char most[1400] __attribute__((tls_model("initial-exec")));
char* tls_library_use(void) { return most; }
