// SPDX-License-Identifier: Apache-2.0
// A line for each step that sixgated takes with its journal of leases ("journal"; "new": what it makes beside it to put in
// its place; "old": what had the name before) and for each datagram that it sends from port 547.
//
// SIXGATE_LAB_PLAN is a file with "HOW NUMBER SINCE STEP": that step is the last one, and it is not taken ("before"), taken
// by half ("half": of a write), taken ("after"), or fails for want of room, a write by half, and life goes on ("full").
// Steps are counted from when the plan is made ("now"), or, when the journal is written anew in the background, from the
// first step of that to the eighth after the rename ("anew"); all of them ("any"), or those of one kind ("write:journal").
//
// SIXGATE_LAB_HOLD: syncs take no time (kill -9 loses nothing for want of one), but those in the background (of Linux' AIO)
// last until so many further steps were taken.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REAL(name) (reinterpret_cast<decltype(&::name)>(dlsym(RTLD_NEXT, #name)))

static void note(const char* text) {
  static const int fd =
      REAL(open)(getenv("SIXGATE_LAB_STEPS"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (REAL(write)(fd, text, strlen(text)) < 0) abort();
}

static const char* called(const char* path) {
  const char* journal = getenv("SIXGATE_LAB_JOURNAL");
  if (strncmp(path, journal, strlen(journal)) != 0) return nullptr;
  path += strlen(journal);
  return !*path                        ? "journal"
         : !strcmp(path, ".new")       ? "new"
         : !strcmp(path, " (deleted)") ? "old"
                                       : nullptr;
}
static const char* called(int fd) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return nullptr;
  path[size] = 0;
  return called(path);
}

static void die() {
  note("killed\n");
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int held, held_for;  // a descriptor to be told, and when

enum class Way { kUsual, kHalf, kAfter, kFull };
static Way step(const char* what, const char* name, const unsigned char* data = nullptr,
                size_t size = 0) {
  static char last[64], line[9000];
  static long count;
  static int anew, later;
  int at = snprintf(line, sizeof line, "%s %s %zu ", what, name, size);
  for (size_t i = 0; i < size && size <= 4096; ++i) at += snprintf(line + at, 3, "%02x", data[i]);
  snprintf(line + at, 2, "\n");
  note(line);
  const unsigned long long one = 1;
  if (held_for > 0 && --held_for == 0 && REAL(write)(held, &one, sizeof one) < 0) abort();
  char plan[64] = "", how[16] = "", since[16] = "", kind[32] = "", mine[32];
  long number = 0;
  const int fd = REAL(open)(getenv("SIXGATE_LAB_PLAN"), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, plan, sizeof plan - 1) <= 0) plan[0] = 0;
  if (fd >= 0) close(fd);
  if (strcmp(plan, last) != 0) count = anew = later = 0;
  strcpy(last, plan);
  if (sscanf(plan, "%15s %ld %15s %31s", how, &number, since, kind) != 4) return Way::kUsual;
  if (!strcmp(since, "anew")) {
    if (!strcmp(what, "open") && !strcmp(name, "new")) anew = 1;
    if (!anew || later > 8) return Way::kUsual;
    if (later > 0 || !strcmp(what, "rename")) ++later;
  }
  snprintf(mine, sizeof mine, "%s:%s", what, name);
  if ((how[0] == 'h' && size == 0) || (strcmp(kind, "any") && strcmp(kind, mine)))
    return Way::kUsual;
  if (++count != number) return Way::kUsual;
  if (how[0] == 'b') die();
  return how[0] == 'h' ? Way::kHalf : how[0] == 'a' ? Way::kAfter : Way::kFull;
}
template <typename Call>
static auto taken(Way way, Call call) -> decltype(call()) {
  if (way == Way::kFull) {
    note("full\n");
    errno = ENOSPC;
    return -1;
  }
  const auto result = call();
  if (way == Way::kAfter) die();
  return result;
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  const auto call = [&] { return REAL(open)(path, flags, mode); };
  const char* name = called(path);
  return name ? taken(step("open", name), call) : call();
}
ssize_t write(int fd, const void* data, size_t size) {
  const auto call = [&] { return REAL(write)(fd, data, size); };
  const char* name = called(fd);
  if (!name) return call();
  const Way way = step("write", name, static_cast<const unsigned char*>(data), size);
  if ((way == Way::kHalf || way == Way::kFull) && REAL(write)(fd, data, size / 2) < 0) abort();
  if (way == Way::kHalf) die();
  return taken(way, call);
}
static int synced(int fd, const char* what, int (*real)(int)) {
  const auto call = [&] { return getenv("SIXGATE_LAB_HOLD") ? 0 : real(fd); };
  const char* name = called(fd);
  return name ? taken(step(what, name), call) : call();
}
int fsync(int fd) { return synced(fd, "fsync", REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, "fdatasync", REAL(fdatasync)); }
int rename(const char* from, const char* to) {
  const auto call = [&] { return REAL(rename)(from, to); };
  const char* name = called(from);
  return name ? taken(step("rename", name), call) : call();
}
int unlink(const char* path) {
  const auto call = [&] { return REAL(unlink)(path); };
  const char* name = called(path);
  return name ? taken(step("unlink", name), call) : call();
}
long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long a[6];
  for (long& one : a) one = va_arg(more, long);
  va_end(more);
  if (const char* hold = getenv("SIXGATE_LAB_HOLD")) {
    if (number == SYS_io_setup) return *reinterpret_cast<aio_context_t*>(a[1]) = 1, 0;
    if (number == SYS_io_getevents) return reinterpret_cast<io_event*>(a[3])->res = 0, 1;
    if (number == SYS_io_destroy) return 0;
    if (number == SYS_io_submit) {
      held = static_cast<int>((*reinterpret_cast<iocb**>(a[2]))->aio_resfd);
      held_for = atoi(hold);
      return 1;
    }
  }
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void sends(int fd, const void* data, size_t size) {
  sockaddr_in6 own{};
  socklen_t length = sizeof own;
  char line[32];
  if (size < 4 || getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) != 0) return;
  if (own.sin6_family != AF_INET6 || ntohs(own.sin6_port) != 547) return;
  const auto* head = static_cast<const unsigned char*>(data);
  snprintf(line, sizeof line, "send %02x%02x%02x%02x\n", head[0], head[1], head[2], head[3]);
  note(line);
}
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  for (unsigned i = 0; i < count; ++i) {
    const iovec& first = *messages[i].msg_hdr.msg_iov;
    sends(fd, first.iov_base, first.iov_len);
  }
  return REAL(sendmmsg)(fd, messages, count, flags);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  sends(fd, message->msg_iov->iov_base, message->msg_iov->iov_len);
  return REAL(sendmsg)(fd, message, flags);
}
ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  sends(fd, data, size);
  return REAL(sendto)(fd, data, size, flags, to, length);
}
