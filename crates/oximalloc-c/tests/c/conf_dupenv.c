// build: link
// tests: mi_dupenv_s mi_wdupenv_s
// A copy of an environment variable with its size; one that is not there is no error. The wide form is for Windows.
#include "conf.h"

int main(void) {
  char* value = (char*)"old";
  size_t size = 99;
  CHECK(setenv("CONF_DUPENV", "a value", 1) == 0);
  CHECK(mi_dupenv_s(&value, &size, "CONF_DUPENV") == 0);
  CHECK(strcmp(value, "a value") == 0 && size == strlen("a value") + 1);
  mi_free(value);
  // The size is not always wanted.
  CHECK(mi_dupenv_s(&value, NULL, "CONF_DUPENV") == 0 && strcmp(value, "a value") == 0);
  mi_free(value);
  value = (char*)"old";
  size = 99;
  CHECK(mi_dupenv_s(&value, &size, "CONF_DUPENV_NOT") == 0 && value == NULL && size == 0);
  CHECK(mi_dupenv_s(NULL, &size, "CONF_DUPENV") == EINVAL);
  CHECK(mi_dupenv_s(&value, &size, NULL) == EINVAL);
  wchar_t* wide = NULL;
  CHECK(mi_wdupenv_s(NULL, &size, L"CONF_DUPENV") == EINVAL);
  CHECK(mi_wdupenv_s(&wide, &size, NULL) == EINVAL);
#ifdef _WIN32
  CHECK(mi_wdupenv_s(&wide, &size, L"CONF_DUPENV") == 0 && wcscmp(wide, L"a value") == 0 && size == 8);
  mi_free(wide);
  CHECK(mi_wdupenv_s(&wide, &size, L"CONF_DUPENV_NOT") == 0 && wide == NULL && size == 0);
#else
  CHECK(mi_wdupenv_s(&wide, &size, L"CONF_DUPENV") == EINVAL && wide == NULL);
#endif
  return 0;
}
