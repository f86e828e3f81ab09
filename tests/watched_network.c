/* SPDX-License-Identifier: Apache-2.0
 *
 * Loaded before all else (LD_PRELOAD): refuses every connection that leaves this computer, and
 * every name that would be asked of a server, and notes them in the file $WATCHED_NETWORK.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char *call, const char *whom)
{
    /* call, whom: text; a line is added to the file */
    const char *path = getenv("WATCHED_NETWORK");
    const int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    char line[512];
    const int length = snprintf(line, sizeof line, "%s %s\n", call, whom);
    if (length > 0 && write(file, line, (size_t)length) != length) abort();
    close(file);
}

static int leaves(const char *call, const struct sockaddr *address)
{
    /* returns 1 and notes it where the address is of another computer */
    char text[INET6_ADDRSTRLEN] = "?";
    if (!address) return 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        if ((ntohl(four.sin_addr.s_addr) >> 24) == 127) return 0;
        (void)inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        if (IN6_IS_ADDR_LOOPBACK(&six.sin6_addr)) return 0;
        (void)inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    } else {
        return 0;
    }
    note(call, text);
    return 1;
}

int connect(int file, const struct sockaddr *address, socklen_t length)
{
    /* as of the C library */
    if (leaves("connect", address)) {
        errno = ENETUNREACH;
        return -1;
    }
    int (*real)(int, const struct sockaddr *, socklen_t);
    void *const found = dlsym(RTLD_NEXT, "connect");
    memcpy(&real, &found, sizeof real);
    return real(file, address, length);
}

ssize_t sendto(int file, const void *bytes, size_t count, int flags,
               const struct sockaddr *address, socklen_t length)
{
    /* as of the C library; bytes: [count] */
    if (leaves("sendto", address)) {
        errno = ENETUNREACH;
        return -1;
    }
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    void *const found = dlsym(RTLD_NEXT, "sendto");
    memcpy(&real, &found, sizeof real);
    return real(file, bytes, count, flags, address, length);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    /* as of the C library; of this computer alone are names known */
    if (node && strcmp(node, "localhost") != 0 && strncmp(node, "127.", 4) != 0 &&
        strcmp(node, "::1") != 0) {
        note("getaddrinfo", node);
        return EAI_FAIL;
    }
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *const found = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &found, sizeof real);
    return real(node, service, hints, result);
}
