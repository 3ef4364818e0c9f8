/* Stands between a process and the operating system's calls that change files, for tests (LD_PRELOAD).
 *
 * Does nothing until `shim_configure` is called, in a child of the process that loaded it. Only files under `under` count. Calls are numbered from 1 in the order in which they come, in all threads.
 *   log        each call is appended there: number, name, path, offset, size, other; and the bytes written behind it
 *   kill_at    SIGKILL before this call, or behind it
 *   fail_at    this call and the fail_count - 1 behind it fail with fail_errno, or write half if that is 0
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *under;
static long calls, kill_at, kill_after, fail_at, fail_count, fail_errno;
static int log_fd = -1;

void shim_configure(const char *where, const char *log, long kill, long after, long fail, long count, long error) {
    under = where && *where ? strdup(where) : 0;
    calls = 0;
    kill_at = kill;
    kill_after = after;
    fail_at = fail;
    fail_count = count;
    fail_errno = error;
    log_fd = log && *log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return under && strncmp(path, under, strlen(under)) == 0;
}

static int absolute(const char *name, char *path) {
    if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
    else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        if (snprintf(path, PATH_MAX, "%s/%s", here, name) >= PATH_MAX) return 0;
    }
    return under && strncmp(path, under, strlen(under)) == 0;
}

static void note(const char *name, const char *path, long offset, const struct iovec *parts, int count, const char *other) {
    if (log_fd < 0) return;
    long size = 0;
    for (int index = 0; index < count; index++) size += parts[index].iov_len;
    char head[2 * PATH_MAX + 100];
    int length = snprintf(head, sizeof head, "%ld\t%s\t%s\t%ld\t%ld\t%s\n", calls, name, path, offset, size, other ? other : "");
    static ssize_t (*real_write)(int, const void *, size_t);
    if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
    real_write(log_fd, head, length);
    for (int index = 0; index < count; index++) real_write(log_fd, parts[index].iov_base, parts[index].iov_len);
}

/* 0: do it; 1: fail; 2: do half of it. The lock is held from here to `leave`. */
static int enter(void) {
    calls++;
    if (kill_at == calls && !kill_after) kill(getpid(), SIGKILL), pause();
    if (fail_at && calls >= fail_at && calls < fail_at + fail_count) return fail_errno ? 1 : 2;
    return 0;
}

static void leave(void) {
    if (kill_at == calls && kill_after) kill(getpid(), SIGKILL), pause();
    pthread_mutex_unlock(&lock);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

static ssize_t write_parts(const char *name, int fd, const struct iovec *parts, int count, long offset, ssize_t (*real)(int, const struct iovec *, int, long)) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, parts, count, offset);
    pthread_mutex_lock(&lock);
    int what = enter();
    ssize_t done = -1;
    int failure = 0;
    long where = offset >= 0 ? offset : (long)lseek(fd, 0, SEEK_CUR);
    if (what == 1) failure = fail_errno;
    else if (what == 2) {
        size_t half = parts[0].iov_len / 2;
        struct iovec part = {parts[0].iov_base, half ? half : parts[0].iov_len};
        done = real(fd, &part, 1, offset);
        failure = errno;
        note(name, path, where, &part, 1, 0);
    } else {
        done = real(fd, parts, count, offset);
        failure = errno;
        if (done > 0) {
            int flags = fcntl(fd, F_GETFL);
            note(flags & O_DSYNC ? "write_synced" : name, path, where, parts, count, 0);
        }
    }
    leave();
    errno = failure;
    return done;
}

static ssize_t real_writev(int fd, const struct iovec *parts, int count, long offset) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    (void)offset;
    return real(fd, parts, count);
}
static ssize_t real_pwritev(int fd, const struct iovec *parts, int count, long offset) {
    REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    return real(fd, parts, count, offset);
}
static ssize_t real_write(int fd, const struct iovec *parts, int count, long offset) {
    REAL(ssize_t, "write", int, const void *, size_t);
    (void)offset; (void)count;
    return real(fd, parts[0].iov_base, parts[0].iov_len);
}
static ssize_t real_pwrite(int fd, const struct iovec *parts, int count, long offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    (void)count;
    return real(fd, parts[0].iov_base, parts[0].iov_len, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
    struct iovec part = {(void *)data, size};
    return write_parts("write", fd, &part, 1, -1, real_write);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    struct iovec part = {(void *)data, size};
    return write_parts("write", fd, &part, 1, offset, real_pwrite);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_parts("write", fd, parts, count, -1, real_writev); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return write_parts("write", fd, parts, count, offset, real_pwritev);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

#define ON_FD(name, arguments, values, offset, size) \
    int name arguments { \
        char path[PATH_MAX]; \
        REAL(int, #name, int, ...); \
        if (!path_of(fd, path)) return real values; \
        pthread_mutex_lock(&lock); \
        int what = enter(), done = -1, failure = fail_errno ? fail_errno : EIO; \
        if (!what) { \
            done = real values; \
            failure = errno; \
            struct iovec none = {0, 0}; \
            char sized[32]; \
            snprintf(sized, sizeof sized, "%ld", (long)(size)); \
            if (!done) note(#name, path, offset, &none, 0, sized); \
        } \
        leave(); \
        errno = failure; \
        return done; \
    }

ON_FD(fsync, (int fd), (fd), 0, 0)
ON_FD(fdatasync, (int fd), (fd), 0, 0)
ON_FD(ftruncate64, (int fd, off64_t size), (fd, size), size, size)
ON_FD(ftruncate, (int fd, off_t size), (fd, size), size, size)

int posix_fallocate64(int fd, off64_t offset, off64_t size) {
    char path[PATH_MAX];
    REAL(int, "posix_fallocate64", int, off64_t, off64_t);
    if (!path_of(fd, path)) return real(fd, offset, size);
    pthread_mutex_lock(&lock);
    int what = enter(), done = fail_errno ? fail_errno : EIO;
    if (!what) {
        done = real(fd, offset, size);
        char sized[32];
        snprintf(sized, sizeof sized, "%ld", (long)(offset + size));
        if (!done) note("fallocate", path, offset, 0, 0, sized);
    }
    leave();
    return done;
}
int posix_fallocate(int fd, off_t offset, off_t size) { return posix_fallocate64(fd, offset, size); }

#define ON_PATH(name, label, arguments, values, of, other) \
    int name arguments { \
        char path[PATH_MAX], second[PATH_MAX]; \
        REAL(int, #name, const char *, ...); \
        if (!absolute(of, path)) return real values; \
        second[0] = 0; \
        if (other) absolute(other, second); \
        pthread_mutex_lock(&lock); \
        int what = enter(), done = -1, failure = fail_errno ? fail_errno : EIO; \
        if (!what) { \
            done = real values; \
            failure = errno; \
            if (!done) note(label, path, 0, 0, 0, second); \
        } \
        leave(); \
        errno = failure; \
        return done; \
    }

ON_PATH(rename, "rename", (const char *from, const char *to), (from, to), from, to)
ON_PATH(unlink, "unlink", (const char *name), (name), name, (const char *)0)
ON_PATH(rmdir, "rmdir", (const char *name), (name), name, (const char *)0)
ON_PATH(mkdir, "mkdir", (const char *name, mode_t mode), (name, mode), name, (const char *)0)

int unlinkat(int directory, const char *name, int flags) {
    char base[PATH_MAX], path[2 * PATH_MAX];
    REAL(int, "unlinkat", int, const char *, int);
    if (name[0] == '/') snprintf(path, sizeof path, "%s", name);
    else if (directory == AT_FDCWD || !path_of(directory, base)) return real(directory, name, flags);
    else snprintf(path, sizeof path, "%s/%s", base, name);
    if (!under || strncmp(path, under, strlen(under))) return real(directory, name, flags);
    pthread_mutex_lock(&lock);
    int what = enter(), done = -1, failure = fail_errno ? fail_errno : EIO;
    if (!what) {
        done = real(directory, name, flags);
        failure = errno;
        if (!done) note(flags & AT_REMOVEDIR ? "rmdir" : "unlink", path, 0, 0, 0, 0);
    }
    leave();
    errno = failure;
    return done;
}

static int opened(const char *name, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    char path[PATH_MAX];
    if (!(flags & O_CREAT) || !absolute(name, path) || access(path, F_OK) == 0) {
        if (!(flags & O_TRUNC) || !absolute(name, path)) return real(name, flags, mode);
    }
    pthread_mutex_lock(&lock);
    int what = enter(), fd = -1, failure = fail_errno ? fail_errno : EIO;
    if (!what) {
        fd = real(name, flags, mode);
        failure = errno;
        if (fd >= 0) note("create", path, 0, 0, 0, flags & O_TRUNC ? "truncated" : "");
    }
    leave();
    errno = failure;
    return fd;
}
int open64(const char *name, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (!real) real = dlsym(RTLD_NEXT, "open64");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(name, flags, mode, real);
}
int open(const char *name, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (!real) real = dlsym(RTLD_NEXT, "open");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened(name, flags, mode, real);
}
