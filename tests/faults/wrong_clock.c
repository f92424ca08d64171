/* A wall clock that is wrong by as much as a file says, for programs that are started with this
 * library in LD_PRELOAD. The monotonic clock stays right, as it does on a machine whose clock is set.
 *
 * The file named by WRONG_CLOCK has two 64-bit numbers: nanoseconds to be added, and whether a time
 * service keeps the clock (1), or not (0). Both may change at any time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *told;

__attribute__((constructor)) static void open_it(void) {
    const char *path = getenv("WRONG_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, 16, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0)
        close(file);
    told = mapped == MAP_FAILED ? NULL : mapped;
}

int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(which, at);
    if (status == 0 && told && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        int64_t whole = at->tv_sec * 1000000000LL + at->tv_nsec + told[0];
        at->tv_sec = whole / 1000000000LL;
        at->tv_nsec = whole % 1000000000LL;
    }
    return status;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int adjtimex(struct timex *state) {
    static int (*real)(struct timex *);
    if (!real)
        real = (int (*)(struct timex *))dlsym(RTLD_NEXT, "adjtimex");
    int status = real(state);
    if (!told || status < 0)
        return status;
    if (told[1])
        state->status &= ~STA_UNSYNC;
    else
        state->status |= STA_UNSYNC;
    return told[1] ? TIME_OK : TIME_ERROR;
}
