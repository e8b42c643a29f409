/* SPDX-License-Identifier: Apache-2.0
 * Is the load driver able to see what it is there for? It runs against relays with one fault each, and against itself. */
#include "faulty.h"

#include "histogram.h"
#include "sniff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 32, REPORT_SIZE = 4096, PORT = 5269 };

static const char *driver;      /* its program */

struct run {
	int status;             /* exit */
	char report[REPORT_SIZE];
};

/* An address of the loopback network that no other run of this test has. */
static struct sockaddr_in own_address(unsigned last)
{
	const unsigned pid = (unsigned)getpid();

	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x7f4d0000u | (64 + (pid >> 7) % 128) << 8 | ((pid % 120) * 2 + 10 + last))};
}

/* Starts the driver between `trunk` and `listen` with the words of `options`, its report going to the pipe. */
static pid_t driver_start(struct sockaddr_in trunk, struct sockaddr_in listen, const char *options, int pipe_fd)
{
	char words[512], addresses[2][32], name[] = "load", at[] = "--trunk", spoke[] = "--listen";
	char *args[ARGS_MAX] = {name, at, addresses[0], spoke, addresses[1]};
	const pid_t pid = fork();
	size_t count = 5;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(pipe_fd, STDOUT_FILENO);
	snprintf(addresses[0], sizeof(addresses[0]), "%s:%u", inet_ntoa(trunk.sin_addr), ntohs(trunk.sin_port));
	snprintf(addresses[1], sizeof(addresses[1]), "%s:%u", inet_ntoa(listen.sin_addr), ntohs(listen.sin_port));
	snprintf(words, sizeof(words), "%s", options);
	for (char *word = strtok(words, " "); word && count < ARGS_MAX - 1; word = strtok(NULL, " "))
		args[count++] = word;
	execv(driver, args);
	_exit(127);
}

static void driver_end(pid_t pid, int pipe_fd, struct run *ret_run)
{
	size_t len = 0;
	ssize_t more;
	int status = -1;

	while (len < REPORT_SIZE - 1 && (more = read(pipe_fd, ret_run->report + len, REPORT_SIZE - 1 - len)) > 0)
		len += (size_t)more;
	ret_run->report[len] = 0;
	close(pipe_fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	ret_run->status = WEXITSTATUS(status);
}

static struct run run_itself(const char *options)
{
	const struct sockaddr_in at = own_address(1);
	struct run run = {0};
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = driver_start(at, at, options, ends[1]);
	assert_true(pid > 0);
	close(ends[1]);
	driver_end(pid, ends[0], &run);
	return run;
}

static struct run run_relay(enum fault fault, const char *options)
{
	const struct sockaddr_in at = own_address(0), spoke = own_address(1);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct run run = {0};
	int ends[2];
	pid_t pid;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(pipe(ends), 0);
	pid = driver_start(at, spoke, options, ends[1]);
	assert_true(pid > 0);
	close(ends[1]);
	assert_int_equal(faulty_relay(fd, spoke, fault), 0);
	close(fd);
	driver_end(pid, ends[0], &run);
	return run;
}

/* The whole number called `name` in a report; ULLONG_MAX where there is none. */
static unsigned long long reported(const struct run *run, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(run->report, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : ~0ull;
}

static const char *const kinds[] = {"lost", "duplicated", "reordered", "changed", "foreign"};

/* The report names `kind` once and none of the others. */
static void assert_only(const struct run *run, const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		assert_int_equal(reported(run, kinds[i]), kind && strcmp(kind, kinds[i]) == 0);
	assert_int_equal(run->status, kind ? 1 : 0);
}

#define SHORT "--raw --plain --count 1000 --drain 0.5"

static void honest_relay_has_no_faults(void **state)
{
	const struct run run = run_relay(FAULT_NONE, SHORT " --size mix");

	(void)state;
	assert_only(&run, NULL);
	assert_int_equal(reported(&run, "rewritten"), 0);
}

static void lost_stanza_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_DROP, SHORT);

	(void)state;
	assert_only(&run, "lost");
}

static void second_copy_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_DUPLICATE, SHORT);

	(void)state;
	assert_only(&run, "duplicated");
}

static void swapped_stanzas_of_one_address_pair_are_seen(void **state)
{
	const struct run run = run_relay(FAULT_SWAP, SHORT);

	(void)state;
	assert_only(&run, "reordered");
}

/* RFC 6120 §10.1 promises order between two addresses, not beyond. */
static void swapped_stanzas_of_two_address_pairs_are_fine(void **state)
{
	const struct run run = run_relay(FAULT_SWAP, SHORT " --lanes 8");

	(void)state;
	assert_only(&run, NULL);
}

static void changed_text_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_CHANGE_TEXT, SHORT);

	(void)state;
	assert_only(&run, "changed");
}

static void changed_address_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_CHANGE_TO, SHORT);

	(void)state;
	assert_only(&run, "changed");
}

static void added_element_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_ADD_ELEMENT, SHORT);

	(void)state;
	assert_only(&run, "changed");
}

static void number_that_was_never_sent_is_seen(void **state)
{
	const struct run run = run_relay(FAULT_FORGE_NUMBER, SHORT);

	(void)state;
	assert_int_equal(reported(&run, "foreign"), 1);
	assert_int_equal(reported(&run, "lost"), 1);
	assert_int_equal(run.status, 1);
}

static void other_bytes_of_the_same_meaning_are_fine(void **state)
{
	const struct run run = run_relay(FAULT_REWRITE, SHORT " --size mix");

	(void)state;
	assert_only(&run, NULL);
	assert_int_equal(reported(&run, "rewritten"), 1000);
}

static void streams_work_with_each_proof(void **state)
{
	static const char *const proofs[] = {
		"--proof dialback", "--proof dialback --verify", "--proof external", "--tls 1.2",
		"--proof external --tls 1.2 --one-record", "--pairs 7 --targets 3", "--both --size mix",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(proofs) / sizeof(*proofs); i++) {
		char options[128];
		struct run run;

		snprintf(options, sizeof(options), "--count 500 %s", proofs[i]);
		run = run_itself(options);
		assert_only(&run, NULL);
	}
}

/* TCP, header, STARTTLS, TLS, header and proof are six round trips; EXTERNAL has another header. The driver against itself
 * has both ends of each connection and counts both; the stanza's own makes one more. */
static void round_trips_are_counted(void **state)
{
	const struct run external = run_itself("--cold 2 --proof external");
	const struct run blind = run_itself("--cold 2 --proof dialback");

	(void)state;
	assert_int_equal(reported(&external, "round_trips_least"), 2 * 7 + 1);
	assert_true(reported(&blind, "round_trips_least") >= 2 * 6 + 1);
	assert_true(reported(&blind, "round_trips_most") <= 2 * 6 + 2);
}

/* Played round trips take their time: with both sides of each connection delayed, what follows in turn takes twice as long. */
static void round_trips_can_be_played(void **state)
{
	const struct run run = run_itself("--cold 1 --proof external --rtt 20");

	(void)state;
	assert_in_range(reported(&run, "round_trips_in_turn"), 2 * 7 + 1, 2 * 7 + 30);
}

static void canon_says(const char *a, const char *b, bool is_same)
{
	struct buf x = {0}, y = {0};

	assert_int_equal(sniff_canon(str_of(a), true, &x), 0);
	assert_int_equal(sniff_canon(str_of(b), true, &y), 0);
	assert_int_equal(str_eq(buf_str(&x), buf_str(&y)), is_same);
	buf_fini(&x);
	buf_fini(&y);
}

static void meaning_survives_other_spellings_alone(void **state)
{
	(void)state;
	canon_says("<iq a='1' b='2'/>", "<iq  b=\"2\" a=\"1\" ></iq>", true);
	canon_says("<iq><q xmlns='u' k='&lt;'>&#65;&amp;</q></iq>",
		   "<iq><p:q xmlns:p=\"u\" k='&#x3c;'><![CDATA[A&]]></p:q></iq>", true);
	canon_says("<iq id='1'/>", "<iq id='2' xml:lang='en'/>", true);
	canon_says("<iq><q xmlns='u'/></iq>", "<iq><q xmlns='v'/></iq>", false);
	canon_says("<iq><q id='1'/></iq>", "<iq><q id='2'/></iq>", false);
	canon_says("<iq><q/><r/></iq>", "<iq><q><r/></q></iq>", false);
	canon_says("<iq>a</iq>", "<iq>b</iq>", false);
	canon_says("<iq a='1'/>", "<iq a='1' b=''/>", false);
	canon_says("<iq><q xml:lang='en'/></iq>", "<iq><q/></iq>", false);
}

static void percentiles_are_within_a_hundredth(void **state)
{
	static struct histogram histogram;

	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		histogram_add(&histogram, i * 10);
	assert_in_range(histogram_at(&histogram, 0.5), 495000, 500000);
	assert_in_range(histogram_at(&histogram, 0.99), 980100, 990000);
	assert_int_equal(histogram.highest, 1000000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_relay_has_no_faults),
		cmocka_unit_test(lost_stanza_is_seen),
		cmocka_unit_test(second_copy_is_seen),
		cmocka_unit_test(swapped_stanzas_of_one_address_pair_are_seen),
		cmocka_unit_test(swapped_stanzas_of_two_address_pairs_are_fine),
		cmocka_unit_test(changed_text_is_seen),
		cmocka_unit_test(changed_address_is_seen),
		cmocka_unit_test(added_element_is_seen),
		cmocka_unit_test(number_that_was_never_sent_is_seen),
		cmocka_unit_test(other_bytes_of_the_same_meaning_are_fine),
		cmocka_unit_test(streams_work_with_each_proof),
		cmocka_unit_test(round_trips_are_counted),
		cmocka_unit_test(round_trips_can_be_played),
		cmocka_unit_test(meaning_survives_other_spellings_alone),
		cmocka_unit_test(percentiles_are_within_a_hundredth),
	};

	if (argc != 2)
		return 2;
	driver = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
