/* repeat TIMES OUTPUT PROGRAM [ARGUMENT...]: runs PROGRAM that often, one after another, its output appended to the
 * file OUTPUT, and prints `seconds`, `cpu_seconds` and `peak_kib` (of the largest run). Only PROGRAM gets the library
 * named by BENCH_PRELOAD; what this program and the shell around it need is in none of them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The path of the program, looked up once: execvp would search in each run. */
static const char* found(const char* name) {
  static char path[4096];
  if (strchr(name, '/') != NULL) return name;
  const char* folders = getenv("PATH");
  while (folders != NULL && *folders != 0) {
    int length = (int)strcspn(folders, ":");
    snprintf(path, sizeof path, "%.*s/%s", length, folders, name);
    if (access(path, X_OK) == 0) return path;
    folders += length + (folders[length] == ':');
  }
  fprintf(stderr, "repeat: there is no program %s\n", name);
  exit(2);
}

int main(int argc, char** argv) {
  long times = argc >= 4 ? atol(argv[1]) : 0;
  if (times <= 0) {
    fprintf(stderr, "usage: repeat TIMES OUTPUT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const char* path = found(argv[3]);
  int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  int output = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (own < 0 || output < 0 || dup2(output, STDOUT_FILENO) < 0) {
    perror("repeat: output");
    return 2;
  }
  const char* library = getenv("BENCH_PRELOAD");
  if (library != NULL && *library != 0) setenv("LD_PRELOAD", library, 1);

  long peak = 0;
  double cpu = 0;
  double start = now();
  for (long i = 0; i < times; i++) {
    pid_t child = vfork();
    if (child == 0) {
      execve(path, argv + 3, environ);
      _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) < 0) {
      perror("repeat");
      return 1;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      if (WIFSIGNALED(status)) fprintf(stderr, "repeat: %s died of signal %d\n", path, WTERMSIG(status));
      else fprintf(stderr, "repeat: %s ended with exit code %d\n", path, WEXITSTATUS(status));
      return 1;
    }
    cpu += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    cpu += (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    if (used.ru_maxrss > peak) peak = used.ru_maxrss;
  }
  double seconds = now() - start;
  dprintf(own, "seconds %.6f\ncpu_seconds %.6f\npeak_kib %ld\n", seconds, cpu, peak);
  return 0;
}
