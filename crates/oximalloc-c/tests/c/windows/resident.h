// Address space and resident memory of this process, as Windows tells them.
#ifndef WINDOWS_RESIDENT_H
#define WINDOWS_RESIDENT_H
#include <stdbool.h>
#include <sys/mman.h>

// In KiB; -1 if that cannot be read.
static inline void memory_kib(long* mapped, long* resident) {
  PROCESS_MEMORY_COUNTERS counters;
  MEMORYSTATUSEX all = {.dwLength = sizeof all};
  bool told = K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) && GlobalMemoryStatusEx(&all);
  *mapped = told ? (long)((all.ullTotalVirtual - all.ullAvailVirtual) >> 10) : -1;
  *resident = told ? (long)(counters.WorkingSetSize >> 10) : -1;
}
#endif
