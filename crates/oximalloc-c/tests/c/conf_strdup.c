// build: link
// tests: mi_strdup mi_strndup mi_mbsdup mi_wcsdup
// Copies of strings, of NULL, of a part, of none.
#include "conf.h"

int main(void) {
  char text[5000];
  for (size_t length = 0; length < sizeof text; length += length / 3 + 1) {
    memset(text, 'x', length);
    text[length] = 0;
    char* s = mi_strdup(text);
    CHECK(s != NULL && s != text && strcmp(s, text) == 0 && mi_usable_size(s) >= length + 1);
    mi_free(s);
    unsigned char* m = mi_mbsdup((unsigned char*)text);
    CHECK(m != NULL && strcmp((char*)m, text) == 0);
    mi_free(m);
    for (size_t part = 0; part < length + 3; part += length / 4 + 1) {
      s = mi_strndup(text, part);
      CHECK(s != NULL && strlen(s) == (part < length ? part : length) && strncmp(s, text, strlen(s)) == 0);
      mi_free(s);
    }
  }
  // No more than n bytes are read: these have no end.
  char raw[3] = {'a', 'b', 'c'};
  char* s = mi_strndup(raw, 3);
  CHECK(s != NULL && strcmp(s, "abc") == 0);
  mi_free(s);
  s = mi_strndup("all of it", SIZE_MAX);
  CHECK(s != NULL && strcmp(s, "all of it") == 0);
  mi_free(s);
  wchar_t* w = mi_wcsdup(L"wide \x263a");
  CHECK(w != NULL && wcscmp(w, L"wide \x263a") == 0);
  mi_free(w);
  w = mi_wcsdup(L"");
  CHECK(w != NULL && w[0] == 0);
  mi_free(w);
  CHECK(mi_strdup(NULL) == NULL && mi_strndup(NULL, 3) == NULL);
  CHECK(mi_mbsdup(NULL) == NULL && mi_wcsdup(NULL) == NULL);
  return 0;
}
