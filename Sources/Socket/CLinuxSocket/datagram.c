#include "CLinuxSocket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int readerd_datagram_open(uint32_t patience_ms, int *fd) {
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return errno;
    }
    struct timeval patience = {.tv_sec = patience_ms / 1000, .tv_usec = (patience_ms % 1000) * 1000};
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0) {
        int reason = errno;
        close(descriptor);
        return reason;
    }
    *fd = descriptor;
    return 0;
}

int readerd_datagram_send(int fd, const char *to, const void *bytes, size_t count, int waits) {
    struct sockaddr_un address;
    size_t length = strlen(to);
    if (length < 2 || length >= sizeof(address.sun_path)) {
        return EINVAL;
    }
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, to, length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (to[0] == '@') {
        address.sun_path[0] = '\0';
    } else {
        size += 1;
    }
    ssize_t sent;
    do {
        sent = sendto(fd, bytes, count, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT), (struct sockaddr *)&address, size);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

int readerd_unix_path(int fd, char *path, size_t capacity) {
    struct sockaddr_un address;
    socklen_t length = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        return errno;
    }
    if (address.sun_family != AF_UNIX || length <= offsetof(struct sockaddr_un, sun_path) || address.sun_path[0] == '\0') {
        return ENOENT;
    }
    size_t count = strnlen(address.sun_path, length - offsetof(struct sockaddr_un, sun_path));
    if (count >= capacity) {
        return ENAMETOOLONG;
    }
    memcpy(path, address.sun_path, count);
    path[count] = '\0';
    return 0;
}
