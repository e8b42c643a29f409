/* SPDX-License-Identifier: Apache-2.0
 * Asking the daemon through its control socket. */
#include "control/trunkctl.h"

#include "control/foreign.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void forget_problem(void *ctx, const struct config_problem *problem)
{
	(void)ctx;
	(void)problem;
}

/* Where the socket is: -s, the configuration, or the default with a word about it. The caller frees it; NULL: no memory. */
static char *socket_path(struct ctl *ctl)
{
	struct config *config = NULL;
	char *path;
	int err;

	if (ctl->socket)
		return str_dup(str_of(ctl->socket));
	if ((err = config_load(ctl->config, forget_problem, NULL, &config)) < 0) {
		ctl_warn(ctl,
			 "%s: %s, so the daemon is looked for at %s (-s SOCKET names another place; `trunkctl check` tells "
			 "more)",
			 ctl->config, err == TRUNK_EINVAL ? "has errors" : error_text(err), CTL_SOCKET_DEFAULT);
		return str_dup(STR(CTL_SOCKET_DEFAULT));
	}
	path = str_dup(str_of(config->control ? config->control : CTL_SOCKET_DEFAULT));
	config_free(&config);
	return path;
}

static const char *way_out(int code)
{
	switch (code) {
	case ENOENT: case ECONNREFUSED: return "is trunkd running?";
	case EACCES: return "you are not in its control-group";
	}
	return "see its log";
}

static int daemon_connect(struct ctl *ctl)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char *path = socket_path(ctl);
	int fd = -1;

	if (!path || strlen(path) >= sizeof(at.sun_path)) {
		ctl_warn(ctl, "the path of the control socket is too long");
		goto done;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
		const int code = errno;

		ctl_warn(ctl, "can't reach the daemon at %s: %s; %s", path, strerror(code), way_out(code));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
done:
	free(path);
	return fd;
}

static int daemon_send(int fd, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	const size_t len = text ? strlen(text) : 0;
	size_t sent = 0;

	if (text)
		text[len] = '\n';       /* in place of its NUL: the line is never used as a C string again */
	while (text && sent < len + 1) {
		const ssize_t now = send(fd, text + sent, len + 1 - sent, MSG_NOSIGNAL);

		if (now < 0 && errno != EINTR)
			break;
		sent += now > 0 ? (size_t)now : 0;
	}
	free(text);
	return sent == len + 1 ? 0 : TRUNK_EIO;
}

/* One line into `in`; it stays there, and *ret_len is its length without the line feed. */
static int daemon_line(int fd, int answer_ms, struct buf *in, size_t *ret_len)
{
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t len;

		if ((*ret_len = str_find(buf_str(in), '\n')) < buf_len(in))
			return 0;
		if (poll(&wait, 1, answer_ms) == 0)
			return TRUNK_ETIMEOUT;
		if (buf_reserve(in, 64 * 1024) < 0)
			return TRUNK_ELIMIT;
		len = recv(fd, buf_space(in), 64 * 1024, 0);
		if (len == 0)
			return TRUNK_ECLOSED;
		if (len < 0 && errno != EINTR)
			return TRUNK_EIO;
		buf_grew(in, len > 0 ? (size_t)len : 0);
	}
}

static enum ctl_exit exit_of(const json_t *end)
{
	const json_t *code = json_object_get(end, "exit");

	if (!json_is_integer(code))
		return CTL_NO;
	return json_integer_value(code) == 0 ? CTL_YES : json_integer_value(code) == 2 ? CTL_USAGE : CTL_NO;
}

/* Returns true where this line ends the answer. */
static bool answer_line(json_t *line, daemon_row_fn *row, void *ctx, struct answer *answer)
{
	json_t *const end = json_object_get(line, "end"), *const one = json_object_get(line, "row");
	const char *reason;

	if (one && row)
		row(ctx, one);
	if (!json_is_object(end))
		return false;
	reason = json_string_value(json_object_get(end, "reason"));
	answer->exit = exit_of(end);
	answer->result = json_incref(json_object_get(end, "result"));
	answer->reason = reason ? str_dup(str_of(reason)) : NULL;
	return true;
}

static int daemon_read(int fd, int answer_ms, daemon_row_fn *row, void *ctx, struct answer *answer)
{
	struct buf in = {.limit = CTL_LINE_BYTES_MAX};
	bool is_over = false;
	size_t len = 0;
	int err = 0;

	while (!is_over && (err = daemon_line(fd, answer_ms, &in, &len)) == 0) {
		json_t *line = json_loadb(buf_str(&in).at, len, 0, NULL);

		buf_drop(&in, len + 1);
		if (!json_is_object(line)) {
			json_decref(line);
			err = TRUNK_EINVAL;
			break;
		}
		is_over = answer_line(line, row, ctx, answer);
		json_decref(line);
	}
	buf_fini(&in);
	return err;
}

void daemon_ask(struct ctl *ctl, json_t *request, daemon_row_fn *row, void *ctx, struct answer *ret_answer)
{
	const int fd = daemon_connect(ctl);
	int err;

	*ret_answer = (struct answer){.exit = CTL_UNREACHABLE};
	if (fd >= 0) {
		err = daemon_send(fd, request);
		if (err == 0)
			err = daemon_read(fd, ctl->answer_ms ? ctl->answer_ms : CTL_ANSWER_MS, row, ctx, ret_answer);
		if (err < 0)
			ctl_warn(ctl, "the daemon gave no answer: %s", error_text(err));
		close(fd);
	}
	json_decref(request);
}

void answer_print(struct ctl *ctl, const struct answer *answer, void (*print)(struct ctl *ctl, const json_t *result))
{
	if (answer->reason)
		ctl_warn(ctl, "%s", answer->reason);
	if (answer->result && ctl->is_json)
		print_json(ctl->out, answer->result, false);
	else if (answer->result)
		print(ctl, answer->result);
}

void answer_fini(struct answer *answer)
{
	json_decref(answer->result);
	free(answer->reason);
	*answer = (struct answer){.exit = CTL_NO};
}
