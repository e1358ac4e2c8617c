// Loaded with LD_PRELOAD: lets writes and syncs of append-only files fail, and notes what is on the disk.
//
// The file named by the environment variable FAULTS holds a word, read at each call:
//   full    a write of an append-only file writes half of its bytes, then there is no space
//   sync    a sync fails
//   slow    a sync takes 0.3 seconds
// After each sync, the size of the file is noted in a file named FAULTS + "." + the last part of its path.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fdatasync)(int);
static _Thread_local int is_half_written;

static int is_append_only(int file, char *name, size_t size) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    const char *last = strrchr(path, '/');
    if (last == NULL || strstr(last, ".incr") == NULL) return 0;
    snprintf(name, size, "%s", last + 1);
    return 1;
}

static int says(const char *word) {
    const char *path = getenv("FAULTS");
    char content[16] = "";
    if (path == NULL) return 0;
    int file = open(path, O_RDONLY);
    if (file < 0) return 0;
    ssize_t count = read(file, content, sizeof content - 1);
    close(file);
    return count > 0 && strncmp(content, word, strlen(word)) == 0;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (real_write == NULL) real_write = dlsym(RTLD_NEXT, "write");
    char name[256];
    if (file <= 2 || !is_append_only(file, name, sizeof name) || !says("full")) {
        is_half_written = 0;
        return real_write(file, bytes, count);
    }
    if (!is_half_written && count > 1) {
        is_half_written = 1;
        return real_write(file, bytes, count / 2);
    }
    is_half_written = 0;
    errno = ENOSPC;
    return -1;
}

int fdatasync(int file) {
    if (real_fdatasync == NULL) real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    char name[256], path[1024];
    if (!is_append_only(file, name, sizeof name)) return real_fdatasync(file);
    if (says("sync")) {
        errno = EIO;
        return -1;
    }
    struct stat status;
    fstat(file, &status);
    if (says("slow")) usleep(300000);
    int result = real_fdatasync(file);
    if (result == 0 && getenv("FAULTS") != NULL) {
        snprintf(path, sizeof path, "%s.%s", getenv("FAULTS"), name);
        char text[32];
        int length = snprintf(text, sizeof text, "%20lld", (long long)status.st_size);
        int note = open(path, O_WRONLY | O_CREAT, 0644);
        if (note >= 0) {
            if (pwrite(note, text, length, 0) != length) abort();
            close(note);
        }
    }
    return result;
}
