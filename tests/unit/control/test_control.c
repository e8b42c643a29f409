/* SPDX-License-Identifier: Apache-2.0
 * The control socket: who may have it, several operators at once, and those who write too much, read nothing or go away. */
#include "control/client.h"
#include "world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct world *world;
static struct control *control;
static char folder[64], path[96];

static int open_control(void)
{
	return control_new(&world->env, path, NULL, &control);
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/trunk-control-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	world = world_new(loop_new_uv());
	assert_int_equal(open_control(), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	control_free(&control);
	world_free(&world);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static int operator_connect(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void operator_say(int fd, const char *line)
{
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
}

static void turn(void)
{
	uv_run(loop_uv(world->loop), UV_RUN_NOWAIT);
}

/* One line, without its line feed; "" where the daemon closed. */
static void operator_hear(int fd, char *ret_line, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		const ssize_t got = recv(fd, ret_line + len, 1, 0);

		if (got == 0 || (got < 0 && errno == ECONNRESET))
			break;
		if (got < 0)
			turn();
		else if (ret_line[len] == '\n')
			break;
		else
			len++;
	}
	ret_line[len] = '\0';
}

static void assert_heard(int fd, const char *text)
{
	char line[4096];

	operator_hear(fd, line, sizeof(line));
	if (!strstr(line, text))
		print_error("heard: %s\n", line);
	assert_non_null(strstr(line, text));
}

static void assert_closed(int fd)
{
	char line[64];

	operator_hear(fd, line, sizeof(line));
	assert_string_equal(line, "");
}

/* design.md §4: mode 0660 */
static void the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void the_socket_goes_with_the_daemon(void **state)
{
	(void)state;
	control_free(&control);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct control *second = NULL;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	(void)state;
	log_set_level(world->env.log, 0, LOG_TEXT);
	assert_int_equal(control_new(&world->env, path, NULL, &second), TRUNK_EBUSY);
	control_free(&control);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(open_control(), 0);
}

static void another_daemons_socket_is_not_removed(void **state)
{
	(void)state;
	unlink(path);
	fclose(fopen(path, "w"));
	control_free(&control);
	assert_int_equal(access(path, F_OK), 0);
}

static void what_cannot_be_had_is_named(void **state)
{
	struct control *second = NULL;
	char other[300];

	(void)state;
	log_set_level(world->env.log, 0, LOG_TEXT);
	snprintf(other, sizeof(other), "%s/none/control.sock", folder);
	assert_int_equal(control_new(&world->env, other, NULL, &second), TRUNK_ENOENT);
	memset(other, 'a', sizeof(other) - 1);
	other[sizeof(other) - 1] = '\0';
	assert_int_equal(control_new(&world->env, other, NULL, &second), TRUNK_ELIMIT);
	snprintf(other, sizeof(other), "%s/file", folder);
	fclose(fopen(other, "w"));
	assert_int_equal(control_new(&world->env, other, NULL, &second), TRUNK_EEXIST);
	assert_int_equal(access(other, F_OK), 0);
	unlink(other);
	assert_int_equal(control_new(&world->env, other, "no such group", &second), TRUNK_ENOENT);
	assert_int_equal(access(other, F_OK), -1);
	assert_null(second);
}

static void an_operator_is_known_by_his_uid(void **state)
{
	const int fd = operator_connect();
	char expected[64];

	(void)state;
	operator_say(fd, "{\"command\": \"reload\"}\r\n");
	assert_heard(fd, "\"generation\":2");
	snprintf(expected, sizeof(expected), "%u reload done=yes\n", (unsigned)getuid());
	assert_string_equal(world->recorded, expected);
	close(fd);
}

static void lines_may_come_in_pieces_and_several_at_once(void **state)
{
	const int fd = operator_connect();

	(void)state;
	operator_say(fd, "{\"command\":");
	turn();
	operator_say(fd, "\"blocks\"}\n{\"command\":\"nix\"}\n{\"command\":\"blocks\"}\n");
	assert_heard(fd, "{\"end\":{\"exit\":0}}");
	assert_heard(fd, "\"exit\":2");
	assert_heard(fd, "{\"end\":{\"exit\":0}}");
	close(fd);
}

static void several_operators_work_at_once(void **state)
{
	const int one = operator_connect(), two = operator_connect();

	(void)state;
	operator_say(one, "{\"command\":\"probe\",\"domain\":\"mercury.example.net\"}\n");
	operator_say(two, "{\"command\":\"blocks\"}\n");
	assert_heard(two, "\"exit\":0");
	assert_int_equal(world->probes, 1);
	world->probe_fn(world->probe_ctx, PROBE_DNS, true, "found", false);
	assert_heard(one, "{\"row\":{\"step\":\"dns\"");     /* live: the probe goes on */
	world->probe_fn(world->probe_ctx, PROBE_PING, true, "answered", true);
	assert_heard(one, "\"ping\"");
	assert_heard(one, "\"exit\":0");
	assert_int_equal(world->probes, 0);
	close(one);
	close(two);
}

static void an_operator_who_goes_away_cancels_his_probe(void **state)
{
	const int fd = operator_connect();

	(void)state;
	operator_say(fd, "{\"command\":\"probe\",\"domain\":\"mercury.example.net\"}\n");
	while (world->probes == 0)
		turn();
	close(fd);
	while (world->probes > 0)
		turn();
	assert_null(world->probe_fn);
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
	const int fd = operator_connect();
	char *line = malloc(REQUEST_BYTES_MAX + 2);
	size_t sent = 0;

	(void)state;
	memset(line, 'x', REQUEST_BYTES_MAX + 2);
	while (sent < REQUEST_BYTES_MAX + 2) {
		const ssize_t now = send(fd, line + sent, REQUEST_BYTES_MAX + 2 - sent, MSG_NOSIGNAL);

		sent += now > 0 ? (size_t)now : 0;
		turn();
	}
	assert_heard(fd, "the request is too long");
	assert_closed(fd);
	close(fd);
	free(line);
}

static void surplus_operators_are_told_so(void **state)
{
	int fds[CLIENTS_MAX + 1];

	(void)state;
	for (int i = 0; i < CLIENTS_MAX; i++) {
		fds[i] = operator_connect();
		operator_say(fds[i], "{\"command\":\"blocks\"}\n");
		assert_heard(fds[i], "\"exit\":0");
	}
	fds[CLIENTS_MAX] = operator_connect();
	assert_heard(fds[CLIENTS_MAX], "too many operators");
	assert_closed(fds[CLIENTS_MAX]);
	close(fds[0]);
	turn();
	turn();
	fds[0] = operator_connect();
	operator_say(fds[0], "{\"command\":\"blocks\"}\n");
	assert_heard(fds[0], "\"exit\":0");
	for (int i = 0; i <= CLIENTS_MAX; i++)
		close(fds[i]);
}

/* No waiting: the loop's clock is set forward by hand. */
static void who_reads_nothing_or_says_nothing_is_closed(void **state)
{
	const int slow = operator_connect(), idle = operator_connect();
	ssize_t got;
	char bytes[64 * 1024];

	(void)state;
	world->streams = 5000;
	operator_say(slow, "{\"command\":\"streams\"}\n");
	while (recv(slow, bytes, 1, MSG_PEEK) < 0)
		turn();
	turn();
	loop_advance(world->loop, loop_now_ms(world->loop) + CLIENT_IDLE_MS + 1);
	turn();
	turn();
	assert_closed(idle);
	while ((got = recv(slow, bytes, sizeof(bytes), 0)) > 0)      /* what the system had taken already */
		;
	assert_int_equal(got, 0);
	close(slow);
	close(idle);
}

static void the_daemon_may_end_with_operators_at_work(void **state)
{
	const int one = operator_connect(), two = operator_connect();

	(void)state;
	operator_say(one, "{\"command\":\"probe\",\"domain\":\"mercury.example.net\"}\n");
	world->streams = 5000;
	operator_say(two, "{\"command\":\"streams\"}\n");
	while (world->probes == 0)
		turn();
	turn();
	control_free(&control);
	assert_int_equal(world->probes, 0);
	close(one);
	close(two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_socket_is_for_owner_and_group),
		TEST(the_socket_goes_with_the_daemon),
		TEST(a_stale_socket_is_replaced_and_a_live_one_is_not),
		TEST(another_daemons_socket_is_not_removed),
		TEST(what_cannot_be_had_is_named),
		TEST(an_operator_is_known_by_his_uid),
		TEST(lines_may_come_in_pieces_and_several_at_once),
		TEST(several_operators_work_at_once),
		TEST(an_operator_who_goes_away_cancels_his_probe),
		TEST(a_line_that_is_too_long_ends_the_connection),
		TEST(surplus_operators_are_told_so),
		TEST(who_reads_nothing_or_says_nothing_is_closed),
		TEST(the_daemon_may_end_with_operators_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
