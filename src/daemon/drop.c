/* SPDX-License-Identifier: Apache-2.0
 * The state folder, and the way from root to a user of its own. */
#include "daemon/daemon.h"
#include "daemon/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_folder(const char *folder, mode_t mode, struct buf *why)
{
	struct stat stat_now;

	if (mkdir(folder, mode) == 0)
		return 0;
	if (errno == EEXIST && stat(folder, &stat_now) == 0 && S_ISDIR(stat_now.st_mode))
		return 0;
	buf_addf(why, "%s: %s", folder, errno == EEXIST ? "not a folder" : strerror(errno));
	return TRUNK_EIO;
}

/* The folder of the control socket is made where only it is missing. */
static void make_parent(const char *file)
{
	const char *slash = strrchr(file, '/');
	char folder[4096];

	if (!slash || slash == file || (size_t)(slash - file) >= sizeof(folder))
		return;
	memcpy(folder, file, (size_t)(slash - file));
	folder[slash - file] = '\0';
	mkdir(folder, 0755);
}

int daemon_prepare_state(const struct config *config, struct buf *why)
{
	int err;

	if ((err = make_folder(config->state, 0700, why)) < 0)
		return err;
	if (access(config->state, R_OK | W_OK | X_OK) < 0) {
		buf_addf(why, "%s: %s; the state folder keeps the dialback secret and must be writable", config->state, strerror(errno));
		return TRUNK_EPERM;
	}
	make_parent(config->control);
	return 0;
}

static void give(const char *folder, const char *name, const struct passwd *user)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s%s", folder, name[0] ? "/" : "", name);
	if (lchown(path, user->pw_uid, user->pw_gid) < 0)
		return;         /* what isn't there yet will be made by the user */
}

/* A folder and the files in it. */
static void give_all(const char *folder, const char *name, const struct passwd *user)
{
	char path[4096];
	DIR *dir;
	const struct dirent *item;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	give(path, "", user);
	if (!(dir = opendir(path)))
		return;
	while ((item = readdir(dir)))
		if (item->d_name[0] != '.')
			give(path, item->d_name, user);
	closedir(dir);
}

static int change_user(const struct config *config, struct log *log, struct buf *why)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return 0;
	if (!config->user) {
		LOG(log, LOG_WARNING, "running-as-root", KV_C("reason", "user is not set, so the rights of root are kept"));
		return 0;
	}
	if (!(user = getpwnam(config->user))) {
		buf_addf(why, "user %s: there is no such user; make it, or name another under user", config->user);
		return TRUNK_ENOENT;
	}
	give(config->state, "", user);
	give(config->state, "dialback.secret", user);
	give(config->state, "self-signed", user);
	give(config->state, REST_FILE_NAME, user);
	give(config->state, AUDIT_DB_NAME, user);
	give(config->state, AUDIT_DB_NAME "-wal", user);
	give(config->state, AUDIT_DB_NAME "-shm", user);
	give(config->state, AUDIT_HEAD_NAME, user);
	give(config->state, AUDIT_LOCK_NAME, user);
	give_all(config->state, "spool", user);
	give(config->control, "", user);
	if (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0 || setuid(0) == 0) {
		buf_addf(why, "user %s: %s", config->user, strerror(errno));
		return TRUNK_EPERM;
	}
	return 0;
}

int daemon_drop(const struct config *config, struct log *log, struct buf *why)
{
	int err;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if ((err = change_user(config, log, why)) < 0)
		return err;
	sandbox_hide_memory();
	return 0;
}

/* Without a sandbox the daemon runs all the same: an old kernel is no reason to stop the mail of a hospital. It says so. */
static void say_unsandboxed(struct log *log, const char *reason)
{
	LOG(log, LOG_WARNING, "no-sandbox", KV_C("reason", reason));
}

#ifdef TRUNK_TRY_FORBIDDEN
static void try_forbidden(struct log *log)
{
	struct buf why = {0};
	const unsigned worked = sandbox_try(&why);

	LOG(log, worked ? LOG_ERROR : LOG_NOTICE, "forbidden-calls", KV_N("worked", worked), KV("which", buf_str(&why)));
	_exit(worked > 0);
}
#endif

void daemon_enter_sandbox(const struct config *config, struct log *log)
{
	int err;

	if (!config->is_sandboxed)
		say_unsandboxed(log, "sandbox is false");
	else if (!sandbox_is_built())
		say_unsandboxed(log, "a build with sanitizers has none");
	else if ((err = sandbox_enter()) < 0)
		say_unsandboxed(log, err == TRUNK_ENOENT ? "this kernel has no seccomp" : error_text(err));
#ifdef TRUNK_TRY_FORBIDDEN
	try_forbidden(log);
#endif
}
