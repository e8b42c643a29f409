/* SPDX-License-Identifier: Apache-2.0
 * libunbound against a real DNS server on loopback: what it answers, what silence and forgery become. Needs the program
 * `unbound`. */
#include "dns/dns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>

enum { SERVER_WAIT_MS = 5000, TEST_WAIT_MS = 4000, SILENCE_MS = 300 };

static const char server_config[] =
	"server:\n"
	"  do-daemonize: no\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  verbosity: 1\n"
	"  interface: 127.53.%u.%u@5353\n  module-config: \"iterator\"\n  outgoing-range: 64\n  num-threads: 1\n"
	"  do-not-query-localhost: yes\n  directory: \"%s\"\n"
	"  local-zone: \"net.\" static\n"
	"  local-data: \"_xmpp-server._tcp.mercury.example.net. SRV 10 20 5270 XMPP.example.net.\"\n"
	"  local-data: \"_xmpps-server._tcp.mercury.example.net. SRV 0 0 0 .\"\n"
	"  local-data: \"xmpp.example.net. A 192.0.2.1\"\n"
	"  local-data: \"xmpp.example.net. AAAA 2001:db8::1\"\n"
	"  local-data: \"empty.example.net. TXT nothing\"\n"
	"  local-zone: \"test.\" static\n"
	"  local-data: \"lab.test. A 192.0.2.7\"\n"
	"  local-zone: \"broken.\" refuse\n"
	"remote-control:\n  control-enable: no\n";

struct world {
	char folder[64], config[128], at[64];
	pid_t server;                   /* 0: none runs */
	unsigned high, low;             /* of the address, own to this process, so that two runs don't meet */
	struct loop *loop;
	struct dns *dns;
	const struct dns_resolver_ops *ops;
	void *resolver;
	struct timer patience;
	struct dns_found found;
	unsigned told;
	enum dns_outcome outcome;
	unsigned count;
	bool is_bogus, is_secure;
	char reason[256];
};

/* ---- the server ---- */

static void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Reads what the server says until it is ready. */
static bool server_is_ready(int from)
{
	char said[8192];
	size_t len = 0;

	while (len < sizeof(said) - 1 && poll(&(struct pollfd){.fd = from, .events = POLLIN}, 1, SERVER_WAIT_MS) == 1) {
		const ssize_t count = read(from, said + len, sizeof(said) - 1 - len);

		if (count <= 0)
			break;
		len += (size_t)count;
		said[len] = '\0';
		if (strstr(said, "start of service"))
			return true;
	}
	said[len] = '\0';
	print_error("the DNS server did not start: %s\n", said);
	return false;
}

static void server_exec(const char *config, int to)
{
	const int nothing = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* a test that crashes leaves no server behind */
	dup2(nothing, STDOUT_FILENO);
	dup2(to, STDERR_FILENO);
	setenv("PATH", "/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin", 1);
	execlp("unbound", "unbound", "-d", "-c", config, (char *)NULL);
	dprintf(STDERR_FILENO, "the program unbound is missing\n");
	_exit(127);
}

/* The end of the pipe that the server writes to stays open in it alone. */
static bool server_start(struct world *w)
{
	int pipe_fds[2];
	bool is_ready;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	w->server = fork();
	if (w->server == 0)
		server_exec(w->config, pipe_fds[1]);
	close(pipe_fds[1]);
	is_ready = server_is_ready(pipe_fds[0]);
	close(pipe_fds[0]);
	return is_ready;
}

static void server_stop(struct world *w)
{
	if (w->server <= 0)
		return;
	kill(w->server, SIGKILL);
	waitpid(w->server, NULL, 0);
	w->server = 0;
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char text[sizeof(server_config) + 128];

	*state = w;
	signal(SIGPIPE, SIG_IGN);
	w->high = (unsigned)getpid() / 250 % 250 + 1;
	w->low = (unsigned)getpid() % 250 + 1;
	snprintf(w->folder, sizeof(w->folder), "/tmp/trunkd-dns-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->config, sizeof(w->config), "%s/unbound.conf", w->folder);
	snprintf(w->at, sizeof(w->at), "127.53.%u.%u@5353", w->high, w->low);
	snprintf(text, sizeof(text), server_config, w->high, w->low, w->folder);
	file_write(w->config, text);
	return server_start(w) ? 0 : -1;
}

static int world_free(void **state)
{
	struct world *w = *state;
	char anchor[128];

	server_stop(w);
	snprintf(anchor, sizeof(anchor), "%s/root.key", w->folder);
	unlink(anchor);
	unlink(w->config);
	rmdir(w->folder);
	free(w);
	return 0;
}

/* ---- one test ---- */

static void begin(struct world *w, const char *server, const char *anchor, int64_t timeout_ms)
{
	const char *const servers[] = {server, NULL};
	const struct dns_options options = {.servers = servers, .trust_anchor = anchor, .timeout_ms = timeout_ms};
	const char *why = "";

	w->loop = loop_new_uv();
	assert_non_null(w->loop);
	if (dns_unbound_new(w->loop, &options, &w->ops, &w->resolver, &why) < 0)
		fail_msg("%s", why);
	w->told = 0;
	w->reason[0] = '\0';
}

static void end(struct world *w)
{
	timer_stop(&w->patience);
	if (w->dns)
		dns_free(&w->dns);
	else if (w->resolver)
		w->ops->free(w->resolver);
	w->resolver = NULL;
	loop_free(&w->loop);
}

static void on_impatient(void *ctx)
{
	struct world *w = ctx;

	loop_stop(w->loop);
}

static void run(struct world *w)
{
	timer_start(w->loop, &w->patience, TEST_WAIT_MS, on_impatient, w);
	loop_run(w->loop);
}

static void on_answer(void *ctx, const struct dns_answer *answer)
{
	struct world *w = ctx;

	w->told++;
	w->outcome = answer->outcome;
	w->count = answer->count;
	w->is_bogus = answer->is_bogus;
	w->is_secure = answer->is_secure;
	snprintf(w->reason, sizeof(w->reason), "%s", answer->reason ? answer->reason : "");
	loop_stop(w->loop);
}

static void ask(struct world *w, const char *name, enum dns_type type)
{
	const unsigned before = w->told;

	assert_non_null(w->ops->ask(w->resolver, name, type, on_answer, w));
	assert_int_equal(w->told, before);      /* never within the call */
	run(w);
	assert_int_equal(w->told, before + 1);
}

static void on_found(void *ctx, const struct dns_found *found)
{
	struct world *w = ctx;

	w->told++;
	w->found = *found;
	loop_stop(w->loop);
}

static void a_domain_is_found_by_srv_and_both_families(void **state)
{
	struct world *w = *state;
	char text[ENDPOINT_TEXT_SIZE];

	begin(w, w->at, NULL, 3000);
	w->dns = dns_new(w->loop, w->ops, w->resolver, 3000);
	assert_non_null(dns_find(w->dns, STR("mercury.example.net"), DNS_WANT_STARTTLS | DNS_WANT_DIRECT | DNS_WANT_TLSA, NULL,
				 on_found, w));
	run(w);
	assert_int_equal(w->told, 1);
	assert_int_equal(w->found.err, 0);
	assert_int_equal(w->found.count, 2);
	endpoint_text(&w->found.candidates[0].endpoint, text);
	assert_string_equal(text, "[2001:db8::1]:5270");
	endpoint_text(&w->found.candidates[1].endpoint, text);
	assert_string_equal(text, "192.0.2.1:5270");
	assert_string_equal(w->found.candidates[1].host, "xmpp.example.net");
	assert_int_equal(w->found.candidates[1].transport, DNS_STARTTLS);
	assert_false(w->found.candidates[1].is_secure);
	end(w);
}

static void a_name_that_is_not_there_or_empty_is_a_no(void **state)
{
	struct world *w = *state;

	begin(w, w->at, NULL, 3000);
	ask(w, "nobody.example.net", DNS_A);
	assert_int_equal(w->outcome, DNS_NONE);
	ask(w, "empty.example.net", DNS_A);
	assert_int_equal(w->outcome, DNS_NONE);
	assert_false(w->is_secure);
	end(w);
}

static void a_zone_for_tests_is_asked_for_too(void **state)
{
	struct world *w = *state;

	begin(w, w->at, NULL, 3000);
	ask(w, "lab.test", DNS_A);              /* libunbound alone would say no, by RFC 6761 §6.2 */
	assert_int_equal(w->outcome, DNS_FOUND);
	assert_int_equal(w->count, 1);
	end(w);
}

static void a_server_that_refuses_is_a_failure(void **state)
{
	struct world *w = *state;

	begin(w, w->at, NULL, 3000);
	ask(w, "x.broken", DNS_A);
	assert_int_equal(w->outcome, DNS_FAIL);
	assert_true(w->reason[0]);
	end(w);
}

static void an_answer_without_the_signature_that_the_anchor_demands_is_bogus(void **state)
{
	struct world *w = *state;
	char anchor[128];

	snprintf(anchor, sizeof(anchor), "%s/root.key", w->folder);
	file_write(anchor, "net. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n");
	begin(w, w->at, anchor, 3000);
	ask(w, "xmpp.example.net", DNS_A);
	assert_int_equal(w->outcome, DNS_FAIL);
	assert_true(w->is_bogus);
	assert_false(w->is_secure);
	assert_int_equal(w->count, 0);
	assert_non_null(strstr(w->reason, "DNSSEC"));
	ask(w, "lab.test", DNS_A);              /* the anchor says nothing about this one */
	assert_int_equal(w->outcome, DNS_FOUND);
	assert_false(w->is_secure);
	end(w);
}

static void silence_is_a_failure_after_the_timeout(void **state)
{
	struct world *w = *state;
	const int silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	char at[64];
	uint64_t started;

	assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(silent, (struct sockaddr *)&address, &size), 0);
	snprintf(at, sizeof(at), "127.0.0.1@%u", ntohs(address.sin_port));
	begin(w, at, NULL, SILENCE_MS);
	started = uv_hrtime();
	ask(w, "xmpp.example.net", DNS_A);
	assert_int_equal(w->outcome, DNS_FAIL);
	assert_string_equal(w->reason, "no answer within 300 ms");
	assert_true(uv_hrtime() - started >= (uint64_t)SILENCE_MS / 2 * 1000000);       /* the loop's clock is coarse */
	end(w);                                 /* libunbound still tries: nobody is called, nothing leaks */
	close(silent);
}

static void on_never(void *ctx, const struct dns_answer *answer)
{
	(void)ctx;
	(void)answer;
	fail_msg("a cancelled ask was answered");
}

static void a_cancelled_ask_is_never_answered(void **state)
{
	struct world *w = *state;
	struct dns_ask *cancelled;

	begin(w, w->at, NULL, 3000);
	cancelled = w->ops->ask(w->resolver, "xmpp.example.net", DNS_A, on_never, NULL);
	assert_non_null(cancelled);
	w->ops->cancel(w->resolver, cancelled);
	ask(w, "xmpp.example.net", DNS_A);      /* asked later, so answered later */
	ask(w, "xmpp.example.net", DNS_AAAA);
	assert_int_equal(w->outcome, DNS_FOUND);
	end(w);
}

static void on_answer_frees(void *ctx, const struct dns_answer *answer)
{
	struct world *w = ctx;

	on_answer(ctx, answer);
	w->ops->free(w->resolver);
	w->resolver = NULL;
}

static void the_resolver_may_be_freed_by_whom_it_answers(void **state)
{
	struct world *w = *state;

	begin(w, w->at, NULL, 3000);
	w->ops->ask(w->resolver, "xmpp.example.net", DNS_A, on_answer_frees, w);
	w->ops->ask(w->resolver, "nobody.example.net", DNS_A, on_answer_frees, w);
	run(w);
	assert_int_equal(w->told, 1);
	end(w);
}

static void too_many_asks_fail_in_words(void **state)
{
	struct world *w = *state;
	const int silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	char at[64];

	assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(silent, (struct sockaddr *)&address, &size), 0);
	snprintf(at, sizeof(at), "127.0.0.1@%u", ntohs(address.sin_port));
	begin(w, at, NULL, 0);
	for (unsigned i = 0; i < DNS_ASKS_MAX; i++) {
		struct dns_ask *forgotten = w->ops->ask(w->resolver, "xmpp.example.net", DNS_A, on_never, NULL);

		assert_non_null(forgotten);
		if (i % 2)
			w->ops->cancel(w->resolver, forgotten); /* it counts until libunbound lets go of it */
	}
	ask(w, "xmpp.example.net", DNS_A);
	assert_int_equal(w->outcome, DNS_FAIL);
	assert_string_equal(w->reason, "too many look-ups at once");
	end(w);
	close(silent);
}

static void bad_options_are_refused_in_words(void **state)
{
	struct loop *loop = loop_new_uv();
	const char *const bad_servers[] = {"dns.example.org", NULL}, *const good_servers[] = {"127.0.0.1", NULL};
	const struct dns_options bad_server = {.servers = bad_servers},
				 bad_anchor = {.servers = good_servers, .trust_anchor = "/nonexistent/root.key"};
	const struct dns_resolver_ops *ops = NULL;
	void *resolver = NULL;
	const char *why = "";

	(void)state;
	assert_int_equal(dns_unbound_new(loop, &bad_server, &ops, &resolver, &why), TRUNK_EINVAL);
	assert_non_null(strstr(why, "DNS server"));
	assert_int_equal(dns_unbound_new(loop, &bad_anchor, &ops, &resolver, &why), TRUNK_EINVAL);
	assert_non_null(strstr(why, "trust anchor"));
	assert_int_equal(dns_unbound_new(loop, &bad_server, &ops, &resolver, NULL), TRUNK_EINVAL);
	assert_null(resolver);
	loop_free(&loop);
}

static void the_systems_resolvers_are_accepted(void **state)
{
	struct loop *loop = loop_new_uv();
	const struct dns_options options = {.timeout_ms = 1000};
	const struct dns_resolver_ops *ops = NULL;
	void *resolver = NULL;

	(void)state;
	assert_int_equal(dns_unbound_new(loop, &options, &ops, &resolver, NULL), 0);
	ops->free(resolver);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_is_found_by_srv_and_both_families),
		cmocka_unit_test(a_name_that_is_not_there_or_empty_is_a_no),
		cmocka_unit_test(a_zone_for_tests_is_asked_for_too),
		cmocka_unit_test(a_server_that_refuses_is_a_failure),
		cmocka_unit_test(an_answer_without_the_signature_that_the_anchor_demands_is_bogus),
		cmocka_unit_test(silence_is_a_failure_after_the_timeout),
		cmocka_unit_test(a_cancelled_ask_is_never_answered),
		cmocka_unit_test(the_resolver_may_be_freed_by_whom_it_answers),
		cmocka_unit_test(too_many_asks_fail_in_words),
		cmocka_unit_test(bad_options_are_refused_in_words),
		cmocka_unit_test(the_systems_resolvers_are_accepted),
	};

	return cmocka_run_group_tests(tests, world_new, world_free);
}
