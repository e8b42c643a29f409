/* SPDX-License-Identifier: Apache-2.0
 * Tries what the sandbox has to refuse. */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

/* Each returns true where the call did what it must not. */
static bool can_write_and_run(void)
{
	return mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool can_make_runnable(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED || mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC) == 0;
}

static bool can_fork(void)
{
	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child;
}

static bool can_be_dumped(void)
{
	struct rlimit core;

	return getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur != 0;
}

static bool can_set_user(void)
{
	return syscall(SYS_setuid, geteuid()) == 0;
}

static bool can_raise_limits(void)
{
	static const struct rlimit core = {.rlim_cur = 0, .rlim_max = 0};

	return setrlimit(RLIMIT_CORE, &core) == 0;
}

static bool can_kill_others(void)
{
	return syscall(SYS_kill, getppid(), 0) == 0;
}

static bool can_become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

/* What fails with EPERM. The calls that kill can't be tried by a process that wants to go on, and not by a child either, for there can be
 * none: tests/unit/daemon/test_sandbox.c forks before it enters. */
static const struct attempt {
	bool (*works)(void);
	const char *what;
} attempts[] = {
	{can_write_and_run, "memory was mapped writable and executable"},
	{can_make_runnable, "written memory was made executable"},
	{can_fork, "a process was forked"},
	{can_be_dumped, "a core dump would be written"},
	{can_set_user, "the user was changed"},
	{can_raise_limits, "resource limits were changed"},
	{can_kill_others, "a signal was sent to another process"},
	{can_become_dumpable, "the process made itself dumpable"},
};

unsigned sandbox_try(struct buf *why)
{
	unsigned worked = 0;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (!attempts[i].works())
			continue;
		buf_addf(why, "%s%s", worked ? "; " : "", attempts[i].what);
		worked++;
	}
	return worked;
}
