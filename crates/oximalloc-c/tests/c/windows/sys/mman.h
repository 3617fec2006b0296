// What the test programs use of POSIX, in terms of Windows: mappings, and a few small functions.
#ifndef WINDOWS_SYS_MMAN_H
#define WINDOWS_SYS_MMAN_H
#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <stdlib.h>
// The tests have names of their own that the system's headers use for types.
#define SIZE WINDOWS_SIZE
#include <windows.h>
// After the types that it needs.
#include <psapi.h>
#undef SIZE

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 32
#define MAP_NORESERVE 16384
#define MAP_FAILED ((void*)-1)
#define _SC_PAGESIZE 30

static inline DWORD access_of(int protection) { return (protection & PROT_WRITE) != 0 ? PAGE_READWRITE : PAGE_NOACCESS; }

// Without access, the memory is committed too, so that `mprotect` can give access to it.
static inline void* mmap(void* hint, size_t size, int protection, int flags, int file, long offset) {
  (void)flags, (void)file, (void)offset;
  void* p = VirtualAlloc(hint, size, MEM_RESERVE | MEM_COMMIT, access_of(protection));
  if (p == NULL && hint != NULL) p = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, access_of(protection));
  return p == NULL ? MAP_FAILED : p;
}
static inline int munmap(void* p, size_t size) {
  (void)size;
  return VirtualFree(p, 0, MEM_RELEASE) ? 0 : -1;
}
static inline int mprotect(void* p, size_t size, int protection) {
  DWORD before;
  return VirtualProtect(p, size, access_of(protection), &before) ? 0 : -1;
}
static inline long sysconf(int name) {
  (void)name;
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return (long)info.dwPageSize;
}
static inline int setenv(const char* name, const char* value, int replace) {
  (void)replace;
  return _putenv_s(name, value);
}
static inline int unsetenv(const char* name) { return _putenv_s(name, ""); }
#endif
