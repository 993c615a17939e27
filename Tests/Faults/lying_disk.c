/* Loaded before the C library: a disk that says it has synced a write-ahead log and has not.
   What SQLite's synchronous=NORMAL does to a commit, without a change of the program. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_log(int file) {
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path);
    return length >= 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

int fdatasync(int file) { return is_log(file) ? 0 : (int)syscall(SYS_fdatasync, file); }

int fsync(int file) { return is_log(file) ? 0 : (int)syscall(SYS_fsync, file); }
