/* SPDX-License-Identifier: Apache-2.0
 * The control socket as a file: who may have it, and what to do with one that is already there. Of this room only. */
#ifndef TRUNK_CONTROL_SOCKET_H
#define TRUNK_CONTROL_SOCKET_H

#include "base/base.h"

enum { CONTROL_MODE = 0660 };

/* A bound socket that does not listen yet, so that nobody can connect before owner and mode are right. `ret_why` says in
 * words what went wrong (static). Returns 0 and a descriptor that the caller closes, or the errors of control_new(). */
int control_socket_open(const char *path, const char *group, int *ret_fd, const char **ret_why);

#endif
