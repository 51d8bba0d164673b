/* System calls of the preloaded program, done by halves. Settings are numbers in the environment:
 *
 *   CALLS_SHORT=1       reads and writes of regular files take fewer bytes than asked for; every third is interrupted first
 *   CALLS_FLIP=N        the Nth pwrite writes its bytes with one bit flipped
 *   CALLS_DELAY=N       each pwrite takes N microseconds longer
 *   CALLS_REPORT=FILE   at the end: how many calls were cut short, how many pwrites there were, and the peak of memory in KiB
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_ulong calls, cut, pwrites;

static unsigned long setting(const char *name) {
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

/* How many of n bytes this call is to take; -1 if it is interrupted. */
static ssize_t share(int fd, size_t n) {
    struct stat file;
    if (!setting("CALLS_SHORT") || n < 2 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return (ssize_t)n;
    unsigned long call = ++calls;
    cut++;
    if (call % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    return (ssize_t)(1 + call * 7919 % (n - 1));
}

ssize_t read(int fd, void *bytes, size_t n) {
    ssize_t some = share(fd, n);
    return some < 0 ? -1 : syscall(SYS_read, fd, bytes, some);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    ssize_t some = share(fd, n);
    return some < 0 ? -1 : syscall(SYS_write, fd, bytes, some);
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t at) {
    ssize_t some = share(fd, n);
    return some < 0 ? -1 : syscall(SYS_pread64, fd, bytes, some, at);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at) { return pread64(fd, bytes, n, at); }

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    ssize_t some = share(fd, n);
    if (some < 0)
        return -1;
    usleep((useconds_t)setting("CALLS_DELAY"));
    if (++pwrites != setting("CALLS_FLIP"))
        return syscall(SYS_pwrite64, fd, bytes, some, at);
    char *other = malloc((size_t)some);
    memcpy(other, bytes, (size_t)some);
    other[some / 2] ^= 4;
    ssize_t written = syscall(SYS_pwrite64, fd, other, some, at);
    free(other);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) { return pwrite64(fd, bytes, n, at); }

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("CALLS_REPORT");
    if (!path)
        return;
    char line[96];
    long peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld", &peak) != 1)
        ;
    int length = snprintf(line, sizeof line, "%lu %lu %ld", atomic_load(&cut), atomic_load(&pwrites), peak);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    syscall(SYS_write, file, line, length);
    close(file);
}
