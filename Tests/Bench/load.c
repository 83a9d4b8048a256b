// Asks over so many connections at once, each again as soon as it has its answer. load SOCKET CONNECTIONS SECONDS REQUEST-FILE|echo
// Prints: connections, answers a second, median and 99th percentile in microseconds. An answer's end is told by Content-Length; an echo's by a line's.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int fd;
    double asked;
    size_t have;
    char text[65536];
};

enum { MOST = 4000000 };
static char request[4096];
static size_t length;
static int echoes;
static float times[MOST];

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return moment.tv_sec * 1e6 + moment.tv_nsec / 1e3;
}

static int order(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static int whole(struct connection *one) {
    if (echoes) return one->have && one->text[one->have - 1] == '\n';
    one->text[one->have] = 0;
    char *end = strstr(one->text, "\r\n\r\n");
    if (!end) return 0;
    char *field = strcasestr(one->text, "\r\ncontent-length:");
    size_t body = field ? strtoul(field + 17, NULL, 10) : 0;
    return one->have >= (size_t)(end + 4 - one->text) + body;
}

static void ask(struct connection *one) {
    one->have = 0;
    one->asked = now();
    if (write(one->fd, request, length) != (ssize_t)length) exit(3);
}

int main(int count, char **words) {
    if (count != 5) return 64;
    int connections = atoi(words[2]);
    double seconds = atof(words[3]);
    echoes = !strcmp(words[4], "echo");
    if (echoes) {
        length = 200;
        memset(request, 'x', length);
        request[length - 1] = '\n';
    } else {
        FILE *file = fopen(words[4], "r");
        if (!file) return perror(words[4]), 66;
        length = fread(request, 1, sizeof request, file);
        fclose(file);
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, words[1], sizeof address.sun_path - 1);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        all[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(all[i].fd, (struct sockaddr *)&address, sizeof address)) return perror(words[1]), 1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    double began = now(), counted = began + 3e5, end = began + seconds * 1e6;
    size_t answers = 0;
    for (int i = 0; i < connections; i++) ask(&all[i]);
    while (now() < end) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, 1000);
        for (int i = 0; i < ready; i++) {
            struct connection *one = events[i].data.ptr;
            ssize_t got = read(one->fd, one->text + one->have, sizeof one->text - 1 - one->have);
            if (got <= 0) return fprintf(stderr, "a connection was closed\n"), 1;
            one->have += (size_t)got;
            if (!whole(one)) continue;
            double moment = now();
            if (moment > counted && answers < MOST) times[answers++] = (float)(moment - one->asked);
            ask(one);
        }
    }
    if (!answers) return fprintf(stderr, "no answer came\n"), 1;
    qsort(times, answers, sizeof *times, order);
    printf("%d %.0f %.1f %.1f\n", connections, answers / ((end - counted) / 1e6), times[answers / 2], times[(size_t)(answers * 0.99)]);
}
