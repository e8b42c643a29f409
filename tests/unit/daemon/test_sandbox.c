/* SPDX-License-Identifier: Apache-2.0
 * The sandbox: what the daemon needs goes on, what it must not do fails, what only an intruder does kills. Each try in a child. */
#include "daemon/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENTERED_NOT = 99, THREADS_STACK_BYTES = 64 * 1024 };

/* Runs `fn` in a child inside of the sandbox; returns what waitpid() says of it. */
static int inside(int (*fn)(long), long argument)
{
	const pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		sandbox_hide_memory();
		if (sandbox_enter() < 0)
			_exit(ENTERED_NOT);
		_exit(fn(argument));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int try_forbidden(long unused)
{
	struct buf why = {0};
	const unsigned worked = sandbox_try(&why);

	(void)unused;
	if (worked > 0)
		fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&why)));
	buf_fini(&why);
	return worked > 0;
}

static void what_the_daemon_must_not_do_fails(void **state)
{
	const int status = inside(try_forbidden, 0);

	(void)state;
	if (!sandbox_is_built()) {
		assert_int_equal(WEXITSTATUS(status), ENTERED_NOT);
		return;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_same_tries_succeed_outside(void **state)
{
	struct buf why = {0};

	(void)state;
	/* or the test above would show nothing */
	assert_true(sandbox_try(&why) >= 5);
	buf_fini(&why);
}

static int call(long number)
{
	syscall(number, 0, 0, 0, 0, 0, 0);
	return 0;
}

static void what_only_an_intruder_does_kills(void **state)
{
	static const long deadly[] = {
		SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount, SYS_unshare, SYS_setns,
		SYS_init_module, SYS_bpf, SYS_kexec_load, SYS_keyctl, SYS_perf_event_open, SYS_chroot, SYS_pivot_root, SYS_personality,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		const int status = inside(call, deadly[i]);

		if (!sandbox_is_built())
			assert_int_equal(WEXITSTATUS(status), ENTERED_NOT);
		else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("system call %ld did not kill: status %x", deadly[i], (unsigned)status);
	}
}

static void *be_a_thread(void *argument)
{
	*(bool *)argument = true;
	return NULL;
}

/* Thread, file made, written, made durable, renamed and removed, sockets, allocation of all sizes, random bytes. */
static int work(long unused)
{
	char name[64], other[80];
	bool ran = false;
	pthread_t thread;
	int fd, pair[2];
	void *large;

	(void)unused;
	snprintf(name, sizeof(name), "/tmp/trunkd-sandbox-%d", (int)getpid());
	snprintf(other, sizeof(other), "%s-renamed", name);
	if (pthread_create(&thread, NULL, be_a_thread, &ran) != 0 || pthread_join(thread, NULL) != 0 || !ran)
		return 1;
	if ((fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0 || write(fd, name, 4) != 4 || fdatasync(fd) < 0 ||
	    ftruncate(fd, 1) < 0 || close(fd) < 0 || rename(name, other) < 0 || unlink(other) < 0)
		return 2;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || (fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return 3;
	if (!(large = malloc(64 * 1024 * 1024)))
		return 4;
	free(large);
	return getentropy(name, sizeof(name)) < 0 ? 5 : 0;
}

static void what_the_daemon_needs_goes_on(void **state)
{
	const int status = inside(work, 0);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), sandbox_is_built() ? 0 : ENTERED_NOT);
}

static pthread_barrier_t entered;

/* A thread that was there before the sandbox is in it as well. */
static void *fork_later(void *argument)
{
	struct buf why = {0};

	pthread_barrier_wait(&entered);
	*(unsigned *)argument = sandbox_try(&why);
	buf_fini(&why);
	return NULL;
}

static int enter_beside_a_thread(void)
{
	unsigned worked = 99;
	pthread_t thread;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	pthread_barrier_init(&entered, NULL, 2);
	if (pthread_create(&thread, NULL, fork_later, &worked) != 0)
		return 1;
	sandbox_hide_memory();
	if (sandbox_enter() < 0)
		return ENTERED_NOT;
	pthread_barrier_wait(&entered);
	pthread_join(thread, NULL);
	return worked == 0 ? 0 : 2;
}

static void it_holds_for_threads_that_are_there_already(void **state)
{
	const pid_t child = fork();
	int status = 0;

	(void)state;
	if (child == 0)
		_exit(enter_beside_a_thread());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), sandbox_is_built() ? 0 : ENTERED_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_daemon_must_not_do_fails), cmocka_unit_test(the_same_tries_succeed_outside),
		cmocka_unit_test(what_only_an_intruder_does_kills),  cmocka_unit_test(what_the_daemon_needs_goes_on),
		cmocka_unit_test(it_holds_for_threads_that_are_there_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
