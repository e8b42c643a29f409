/* SPDX-License-Identifier: Apache-2.0
 * What the running daemon may still ask of the system: an allow-list of system calls, and no core dumps, for they would hold keys. */
#ifndef TRUNK_DAEMON_SANDBOX_H
#define TRUNK_DAEMON_SANDBOX_H

#include "base/base.h"

/* Lets nobody of the same user read this process's memory, neither by a core dump nor by ptrace(2). To be called behind the change of
 * user, which resets it. */
void sandbox_hide_memory(void);

/* From now on, in all threads: what the daemon needs is allowed, what only an intruder would ask for (programs to start, other processes,
 * mounts, kernel modules) kills the process, and all else fails with EPERM; the kernel's audit tells of both. Cannot be undone. Everything
 * that needs more (privileged ports, user names, modules to load) is done before. Returns 0; TRUNK_ENOENT: this kernel or build has no
 * seccomp; TRUNK_ENOMEM; TRUNK_EPERM. */
int sandbox_enter(void);

/* Whether sandbox_enter() does anything in this build: sanitizers need calls that no daemon should have. */
bool sandbox_is_built(void);

/* For tests, and for builds with -Dforbidden=true: tries calls that must not work, each in a child of its own where it may kill. One
 * sentence for each that worked is added to `why`. Returns how many worked. Before sandbox_enter() all would: nothing is tried then. */
unsigned sandbox_try(struct buf *why);

#endif
