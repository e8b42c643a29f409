/* SPDX-License-Identifier: Apache-2.0
 * The allow-list of system calls, by libseccomp. */
#include "daemon/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if !defined(SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Names rather than numbers: what an architecture does not have is passed over. */
static const char *const allowed[] = {
	/* sockets; the loop */
	"socket", "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername", "getsockopt",
	"setsockopt", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2", "poll", "ppoll", "select", "pselect6", "ioctl", "signalfd4", "timerfd_create",
	"timerfd_settime",
	/* files: configuration, certificates, the state folder, logs */
	"read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "open", "openat", "close", "close_range", "fcntl", "dup",
	"dup3", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs", "lseek", "_llseek", "fsync", "fdatasync", "sync_file_range",
	"ftruncate", "fallocate", "fadvise64", "flock", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat",
	"rmdir", "getdents64", "readlink", "readlinkat", "access", "faccessat", "faccessat2", "getcwd", "chmod", "fchmod", "fchmodat", "fchown",
	"chown", "lchown", "fchownat", "umask", "utimensat", "memfd_create",
	/* memory; mmap and mprotect have conditions of their own */
	"brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "mincore",
	/* threads; clone has a condition of its own */
	"futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "sched_yield", "sched_getaffinity", "sched_setaffinity", "gettid",
	"getpid", "getppid", "tgkill", "membarrier", "set_tid_address", "getcpu",
	/* signals, clocks, the rest */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaltstack", "restart_syscall", "exit", "exit_group", "clock_gettime",
	"clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "uname", "sysinfo", "getrusage", "times",
	"getrlimit", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
};

/* No bug of ours and no library asks for these; an intruder does. */
static const char *const deadly[] = {
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "mount", "umount2",
	"move_mount", "open_tree", "fsopen", "pivot_root", "chroot", "setns", "unshare", "init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "open_by_handle_at", "iopl", "ioperm",
	"reboot", "swapon", "swapoff", "acct", "personality", "quotactl", "settimeofday", "clock_settime", "adjtimex",
};

bool sandbox_is_built(void)
{
	return !SANITIZED;
}

void sandbox_hide_memory(void)
{
	static const struct rlimit none = {0};

	setrlimit(RLIMIT_CORE, &none);
	if (!SANITIZED)         /* the leak sanitizer traces its own process */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const int number = seccomp_syscall_resolve_name(names[i]);
		int err;

		if (number < 0)         /* not known here, or not a call of this architecture */
			continue;
		if ((err = seccomp_rule_add(filter, action, number, 0)) < 0)
			return err;
	}
	return 0;
}

/* Memory is never both written and run: code comes from files that were mapped as such, which modules need at a reload. Processes are
 * never made, threads are. What a program may say of itself is its threads' names and its memory's. */
static int add_conditions(scmp_filter_ctx filter)
{
	int err;

	if ((err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA))) < 0 ||
	    (err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0))) < 0)
		return err;
	/* Its flags lie in memory, where a filter can't look: the C library then takes clone(). */
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int error_of(int err)
{
	return err == -ENOMEM ? TRUNK_ENOMEM : err == -EPERM || err == -EACCES ? TRUNK_EPERM : TRUNK_ENOENT;
}

int sandbox_enter(void)
{
	scmp_filter_ctx filter;
	int err;

	if (SANITIZED)
		return TRUNK_ENOENT;
	if (!(filter = seccomp_init(SCMP_ACT_ERRNO(EPERM))))
		return TRUNK_ENOMEM;
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);       /* where the kernel can; it is no condition */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);  /* a tree: some twenty comparisons a call would be felt */
	if ((err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) == 0 &&
	    (err = add_all(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0]))) == 0 &&
	    (err = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, sizeof(deadly) / sizeof(deadly[0]))) == 0 &&
	    (err = add_conditions(filter)) == 0)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err < 0 ? error_of(err) : 0;
}
