#include "CLinuxSocket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fill(struct sockaddr_un *address, const char *path) {
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(address->sun_path)) {
        return ENAMETOOLONG;
    }
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return 0;
}

int readerd_unix_bind(const char *path, int *fd) {
    struct sockaddr_un address;
    int reason = fill(&address, path);
    if (reason != 0) {
        return reason;
    }
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return errno;
    }
    if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        reason = errno;
        close(descriptor);
        return reason;
    }
    *fd = descriptor;
    return 0;
}

int readerd_unix_probe(const char *path) {
    struct sockaddr_un address;
    int reason = fill(&address, path);
    if (reason != 0) {
        return reason;
    }
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return errno;
    }
    if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EAGAIN) {
        reason = errno;
    }
    close(descriptor);
    return reason;
}

int readerd_unix_is_listener(int fd) {
    int value = 0;
    socklen_t length = sizeof(value);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length) != 0) {
        return errno;
    }
    if (value != AF_UNIX) {
        return EINVAL;
    }
    length = sizeof(value);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) != 0) {
        return errno;
    }
    if (value != SOCK_STREAM) {
        return EINVAL;
    }
    length = sizeof(value);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) != 0) {
        return errno;
    }
    return value != 0 ? 0 : EINVAL;
}
