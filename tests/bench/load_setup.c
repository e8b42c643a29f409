/* SPDX-License-Identifier: Apache-2.0
 * Makes both spokes from the options, and turns their wheel. */
#include "load.h"

#include "die.h"
#include "wire_tls.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void domain_write(char *domain, const char *parent, char prefix, size_t number, bool is_alone)
{
	const int len = is_alone ? snprintf(domain, DOMAIN_SIZE, "%s", parent)
				 : snprintf(domain, DOMAIN_SIZE, "%c%zu.%s", prefix, number, parent);

	if (len < 0 || len >= DOMAIN_SIZE)
		die("a domain is too long");
}

static void flow_init(struct load *load, size_t index)
{
	const struct options *o = &load->options;
	const size_t pair = o->is_both ? index / 2 : index;
	const bool is_back = o->is_both && index % 2;
	struct flow *flow = &load->flows[index];
	char left[DOMAIN_SIZE], right[DOMAIN_SIZE];

	domain_write(left, o->left, 'd', pair, o->pairs == 1);
	domain_write(right, o->right, 't', pair % o->targets, o->pairs == 1);
	flow->load = load;
	flow->index = (uint32_t)index;
	memcpy(flow->from, is_back ? right : left, DOMAIN_SIZE);
	memcpy(flow->to, is_back ? left : right, DOMAIN_SIZE);
	flow->mix = mix_new(flow->from, flow->to, flow->index, o->templates, o->lanes, o->size_bytes, o->seed);
	flow->lanes = must_ptr(calloc(o->lanes, sizeof(*flow->lanes)));
	flow->limit = o->count ? o->count : UINT64_MAX;
	flow->is_stalled = index < o->stalled;
}

static void tls_init(struct load *load)
{
	char left[DOMAIN_SIZE + 2], right[DOMAIN_SIZE + 2];
	const char *const names[] = {load->options.left, load->options.right, left, right, NULL};
	const struct tls_choice choice = {.version_min = load->options.version_min, .version_max = load->options.version_max,
		.certificate = load->options.certificate, .names = names};

	snprintf(left, sizeof(left), "*.%s", load->options.left);
	snprintf(right, sizeof(right), "*.%s", load->options.right);
	load->client_tls = tls_context(false, &choice);
	load->server_tls = tls_context(true, &choice);
}

/* Each pair is two descriptors. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void load_init(struct load *load)
{
	raise_files();
	list_init(&load->sessions);
	reactor_init(&load->reactor);
	load->begun_ns = clock_ns();
	load->reactor.delay_ns = (int64_t)(load->options.rtt_ms * 1e6);
	prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	tls_init(load);
	for (size_t i = 0; i < load->options.listen_count; i++)
		listener_open(&load->reactor, &load->listeners[i], load->options.listen[i], session_accept, load);
	load->flow_count = load->options.pairs << load->options.is_both;
	load->flows = must_ptr(calloc(load->flow_count, sizeof(*load->flows)));
	for (size_t i = 0; i < load->flow_count; i++)
		flow_init(load, i);
}

void load_fini(struct load *load)
{
	load->is_ending = true;
	LIST_EACH(link, &load->sessions) {
		struct session *session = LIST_OF(link, struct session, link);

		session_free(&session);
	}
	for (size_t i = 0; i < load->flow_count; i++) {
		mix_free(&load->flows[i].mix);
		free(load->flows[i].lanes);
		buf_fini(&load->flows[i].plain);
	}
	free(load->flows);
	for (size_t i = 0; i < load->options.listen_count; i++)
		close(load->listeners[i].fd);
	reactor_fini(&load->reactor);
	SSL_CTX_free(load->client_tls);
	SSL_CTX_free(load->server_tls);
}

void load_step(struct load *load, int64_t longest_ns)
{
	const int64_t wait_ns = pump_wait_ns(load);

	if (wait_ns >= 0 && wait_ns < longest_ns)
		longest_ns = wait_ns;
	reactor_wait(&load->reactor, load->options.is_spinning ? 0 : longest_ns);
}

void load_run_until(struct load *load, bool (*is_done)(const struct load *), double seconds, const char *what)
{
	const int64_t end_ns = clock_ns() + (int64_t)(seconds * 1e9);

	while (!is_done(load)) {
		if (clock_ns() > end_ns)
			die("%s took longer than %.0f s (%zu of %zu senders proved, %llu streams failed)", what, seconds,
			    load->ready_count, load->flow_count, (unsigned long long)load->faults.failed);
		load_step(load, 10 * 1000 * 1000);
	}
}

/* Fewer handshakes go on than may. */
static bool may_begin(const struct load *load)
{
	return load->begun_count < load->ready_count + load->faults.failed + load->options.concurrency;
}

static bool are_all_ready(const struct load *load)
{
	return load->ready_count + load->faults.failed >= load->flow_count;
}

void load_connect_flows(struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++) {
		load_run_until(load, may_begin, load->options.setup_s, "set-up");
		session_connect(load, ROLE_SENDER, &load->flows[i], load->flows[i].from, load->flows[i].to);
		load->begun_count++;
	}
	load_run_until(load, are_all_ready, load->options.setup_s, "set-up");
	if (load->faults.failed)
		die("%llu streams failed", (unsigned long long)load->faults.failed);
}

/* Each of these makes the trunk open a link: all at once would be a crowd that no server meets. */
static bool may_send(const struct load *load)
{
	return load->first_count < load->received + load->options.concurrency;
}

void load_send_first(struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++) {
		load_run_until(load, may_send, load->options.setup_s, "the first stanza of each pair");
		flow_send_one(&load->flows[i]);
		load->first_count += !load->flows[i].is_stalled;
	}
}
