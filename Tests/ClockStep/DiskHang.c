#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Waits while the file named by DISK_HANG_FILE is there, and leaves a mark beside it that somebody waits.
static void wait_for_disk(void) {
    const char *gate = getenv("DISK_HANG_FILE");
    if (!gate) return;
    int before = errno;
    char mark[PATH_MAX];
    if (snprintf(mark, sizeof mark, "%s.waiting", gate) < (int)sizeof mark) {
        struct timespec pause = {0, 5000000};
        int marked = 0;
        while (access(gate, F_OK) == 0) {
            if (!marked) {
                int file = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                if (file >= 0) close(file);
                marked = 1;
            }
            nanosleep(&pause, NULL);
        }
        if (marked) unlink(mark);
    }
    errno = before;
}

int fsync(int file) {
    wait_for_disk();
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    wait_for_disk();
    return (int)syscall(SYS_fdatasync, file);
}
