/* Preloaded into a process, this records what it does to the files of one folder, and lets some of
 * it fail.
 *
 * SHIM_FOLDER   the folder; what is done elsewhere is left alone
 * SHIM_LOG      the file that records are appended to: for each a header (struct record), then its
 *               bytes
 * SHIM_CONTROL  a file of four 32-bit integers that is mapped: how many operations still pass before
 *               they fail (negative: none fails), how many fail then (negative: all), with which
 *               errno, and how many there were
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
  uint8_t kind;
  uint64_t inode, offset;
  uint32_t length;
} __attribute__((packed));

static const char *folder;
static size_t folder_length;
static int log_file = -1;
static volatile int32_t *control;
static uint64_t syncs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  folder = getenv("SHIM_FOLDER");
  if (!folder) return;
  folder_length = strlen(folder);
  const char *path = getenv("SHIM_LOG");
  if (path) log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  path = getenv("SHIM_CONTROL");
  if (path) {
    int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *mapped = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) control = mapped;
    syscall(SYS_close, file);
  }
}

static int ours(const char *path) {
  return folder && !strncmp(path, folder, folder_length) && path[folder_length] == '/';
}

/* The absolute path of a name, which may be relative to the working directory. */
static int locate(const char *name, char *path) {
  if (!folder) return 0;
  if (name[0] == '/') {
    if (strlen(name) >= 4096) return 0;
    strcpy(path, name);
  } else {
    if (!getcwd(path, 4096) || strlen(path) + strlen(name) + 2 >= 4096) return 0;
    strcat(path, "/");
    strcat(path, name);
  }
  return ours(path);
}

/* The inode of an open file or folder of ours; 0: it is none. */
static uint64_t inode_of(int file) {
  char link[64], path[4096];
  struct stat found;
  if (!folder || file < 0 || fstat(file, &found)) return 0;
  if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return ours(path) || !strcmp(path, folder) ? found.st_ino : 0;
}

static void note(char kind, uint64_t inode, uint64_t offset, const void *bytes, size_t length) {
  if (log_file < 0) return;
  struct record head = {kind, inode, offset, length};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)bytes, length}};
  int before = errno;
  pthread_mutex_lock(&lock);
  if (syscall(SYS_writev, log_file, parts, 2) != (ssize_t)(sizeof head + length)) abort();
  pthread_mutex_unlock(&lock);
  errno = before;
}

/* Whether an operation is to fail; errno is set. */
static int fails(void) {
  if (!control) return 0;
  __atomic_add_fetch(&control[3], 1, __ATOMIC_RELAXED);
  if (control[0] < 0) return 0;
  if (__atomic_fetch_sub(&control[0], 1, __ATOMIC_RELAXED) > 0) return 0;
  __atomic_store_n(&control[0], 0, __ATOMIC_RELAXED);
  if (control[1] == 0) {
    control[0] = -1;
    return 0;
  }
  if (control[1] > 0) __atomic_sub_fetch(&control[1], 1, __ATOMIC_RELAXED);
  errno = control[2];
  return 1;
}

static int opened(int file, const char *name, int flags) {
  char path[4096];
  if (file >= 0 && (flags & (O_CREAT | O_TRUNC)) && locate(name, path)) {
    uint64_t inode = inode_of(file);
    note('O', inode, 0, path, strlen(path));
    if (flags & O_TRUNC) note('T', inode, 0, "", 0);
  }
  return file;
}

static int open_fails(const char *name, int flags) {
  char path[4096];
  return (flags & O_CREAT) && locate(name, path) && access(path, F_OK) && fails();
}

#define OPEN(function) \
  int function(const char *name, int flags, ...) { \
    REAL(function); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    if (open_fails(name, flags)) return -1; \
    return opened(real(name, flags, mode), name, flags); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(function) \
  int function(int at, const char *name, int flags, ...) { \
    REAL(function); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    if (open_fails(name, flags)) return -1; \
    return opened(real(at, name, flags, mode), name, flags); \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *bytes, size_t length) {
  REAL(write);
  uint64_t inode = inode_of(file);
  if (inode && fails()) return -1;
  off_t at = inode ? lseek(file, 0, SEEK_CUR) : 0;
  ssize_t done = real(file, bytes, length);
  if (inode && done > 0) {
    if (fcntl(file, F_GETFL) & O_APPEND) at = lseek(file, 0, SEEK_CUR) - done;
    note('W', inode, at, bytes, done);
  }
  return done;
}

#define PWRITE(function, offset) \
  ssize_t function(int file, const void *bytes, size_t length, offset at) { \
    REAL(function); \
    uint64_t inode = inode_of(file); \
    if (inode && fails()) return -1; \
    ssize_t done = real(file, bytes, length, at); \
    if (inode && done > 0) note('W', inode, at, bytes, done); \
    return done; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* With O_DSYNC what was written is on disk when the call ends: recorded as a sync of its own. */
#define PWRITEV(function, offset) \
  ssize_t function(int file, const struct iovec *parts, int count, offset at, int flags) { \
    REAL(function); \
    uint64_t inode = inode_of(file); \
    if (!inode) return real(file, parts, count, at, flags); \
    if (fails()) return -1; \
    ssize_t done = real(file, parts, count, at, flags); \
    ssize_t left = done; \
    for (int i = 0; left > 0; i++) { \
      size_t length = (size_t)left < parts[i].iov_len ? (size_t)left : parts[i].iov_len; \
      note('W', inode, at, parts[i].iov_base, length); \
      at += length; \
      left -= length; \
    } \
    if (done > 0 && fcntl(file, F_GETFL) & O_DSYNC) { \
      uint64_t number = __atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED); \
      note('B', inode, number, "", 0); \
      note('S', inode, number, "", 0); \
    } \
    return done; \
  }
PWRITEV(pwritev2, off_t)
PWRITEV(pwritev64v2, off64_t)

#define TRUNCATE(function, offset) \
  int function(int file, offset length) { \
    REAL(function); \
    uint64_t inode = inode_of(file); \
    if (inode && fails()) return -1; \
    int failed = real(file, length); \
    if (inode && !failed) note('T', inode, length, "", 0); \
    return failed; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* What was done before a sync began is on disk when it ended: both are recorded. */
#define SYNC(function) \
  int function(int file) { \
    REAL(function); \
    uint64_t inode = inode_of(file); \
    if (!inode) return real(file); \
    if (fails()) return -1; \
    uint64_t number = __atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED); \
    note('B', inode, number, "", 0); \
    int failed = real(file); \
    if (!failed) note('S', inode, number, "", 0); \
    return failed; \
  }
SYNC(fsync)
SYNC(fdatasync)

static int renamed(int failed, const char *from, const char *to) {
  char paths[8194];
  if (!failed && locate(from, paths)) {
    size_t length = strlen(paths) + 1;
    if (locate(to, paths + length)) note('R', 0, 0, paths, length + strlen(paths + length));
  }
  return failed;
}

int rename(const char *from, const char *to) {
  REAL(rename);
  char path[4096];
  if (locate(to, path) && fails()) return -1;
  return renamed(real(from, to), from, to);
}

int renameat(int old, const char *from, int new, const char *to) {
  REAL(renameat);
  char path[4096];
  if (locate(to, path) && fails()) return -1;
  return renamed(real(old, from, new, to), from, to);
}

static int noted(int failed, char kind, const char *name) {
  char path[4096];
  if (!failed && locate(name, path)) note(kind, 0, 0, path, strlen(path));
  return failed;
}

int unlink(const char *name) {
  REAL(unlink);
  return noted(real(name), 'U', name);
}

int unlinkat(int at, const char *name, int flags) {
  REAL(unlinkat);
  return noted(real(at, name, flags), 'U', name);
}

int mkdir(const char *name, mode_t mode) {
  REAL(mkdir);
  char path[4096];
  if (locate(name, path) && access(path, F_OK) && fails()) return -1;
  int failed = noted(real(name, mode), 'M', name);
  struct stat found;
  if (!failed && locate(name, path) && !stat(path, &found)) note('D', found.st_ino, 0, path, strlen(path));
  return failed;
}
