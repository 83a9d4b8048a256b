/* Valgrind writes into the mask of sigsuspend(2). That of Swift's libdispatch is read-only, and valgrind 3.19 dies of it. It gets a copy. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
}
