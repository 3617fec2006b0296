// Listens to the errors that the library reports: how many, the last code, and the text of the last message.
#ifndef BAD_INPUT_H
#define BAD_INPUT_H
#include "check.h"

extern void mi_register_error(void (*)(int, void*), void*) __attribute__((weak));
extern void mi_register_output(void (*)(const char*, void*), void*) __attribute__((weak));

static int heard, heard_code;
static char heard_text[1024];

static void on_error(int code, void* arg) {
  heard++;
  heard_code = code;
  CHECK(arg == (void*)&heard);
}
static void on_output(const char* text, void* arg) {
  CHECK(arg == (void*)&heard_text);
  strncpy(heard_text, text, sizeof heard_text - 1);
  CHECK(write(2, text, strlen(text)) >= 0);
}
static void listen(void) {
  CHECK(mi_register_error != NULL && mi_register_output != NULL);
  mi_register_error(on_error, &heard);
  mi_register_output(on_output, heard_text);
}
// Exactly one error was reported since `before`, with this code, and its message names the function and the pointer.
static void reported(int before, int code, const char* function, const void* pointer) {
  char address[40];
  CHECK(heard == before + 1);
  CHECK(heard_code == code);
  CHECK(strstr(heard_text, "mimalloc: error: ") == heard_text);
  CHECK(strstr(heard_text, function) != NULL);
  if (pointer != NULL) {
    snprintf(address, sizeof address, "%p", pointer);
    CHECK(strstr(heard_text, address) != NULL);
  }
}
// The heap still works, and no two blocks overlap.
static void still_works(void) {
  unsigned char* p[256];
  for (int i = 0; i < 256; i++) memset(p[i] = malloc((size_t)i * 8 + 1), i, (size_t)i * 8 + 1);
  for (int i = 0; i < 256; i++) {
    CHECK(all_bytes(p[i], (size_t)i * 8 + 1, (unsigned char)i));
    free(p[i]);
  }
}
#endif
