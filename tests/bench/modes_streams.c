/* SPDX-License-Identifier: Apache-2.0
 * Measurements of streams instead of stanzas: idle ones, handshakes, cold links. */
#include "report.h"

#include "die.h"

static bool is_all_received(const struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++)
		if (flow_outstanding(&load->flows[i]))
			return false;
	return true;
}

static void load_rest(struct load *load, double seconds)
{
	const int64_t end_ns = clock_ns() + (int64_t)(seconds * 1e9);

	while (clock_ns() < end_ns)
		load_step(load, 50 * 1000 * 1000);
}

static void count_streams(const struct load *load, uint64_t *ret_in, uint64_t *ret_out)
{
	*ret_in = *ret_out = 0;
	LIST_EACH(link, &load->sessions)
		(*(LIST_OF(link, struct session, link)->role == ROLE_SERVER ? ret_out : ret_in))++;
}

int mode_idle(struct load *load)
{
	const struct moment from = moment_take(load);
	struct moment until, later;
	uint64_t in, out;
	bool is_good;

	load_connect_flows(load);
	if (load->options.is_through)
		load_send_first(load);
	load_run_until(load, is_all_received, load->options.setup_s, "one stanza of each pair");
	until = moment_take(load);
	load_rest(load, load->options.hold_s);
	later = moment_take(load);
	count_streams(load, &in, &out);

	report_begin(load, "idle");
	report_count("streams_in", in);
	report_count("streams_out", out);
	report_span(load, &from, &until);
	report_count("rss_idle_kib", later.memory.rss_kib);
	report_number("kib_per_stream", ((double)later.memory.rss_kib - (double)from.memory.rss_kib) / (double)(in + out));
	report_number("cpu_share_idle", (double)(later.cpu_ns - until.cpu_ns) / (double)(later.now_ns - until.now_ns));
	is_good = report_faults(load);
	report_end();
	return is_good ? 0 : 1;
}

/* A proved sender makes way for the next handshake. */
static void ready_and_gone(struct session *session)
{
	session_end(&session);
}

static size_t under_way(const struct load *load)
{
	size_t count = 0;

	LIST_EACH(link, &load->sessions)
		count += LIST_OF(link, struct session, link)->role == ROLE_SENDER;
	return count;
}

static bool is_one_more(const struct load *load)
{
	return load->ready_count + load->faults.failed > load->received;        /* received: the count at the last look */
}

int mode_connects(struct load *load)
{
	const size_t wanted = load->options.number;
	struct moment from, until;
	size_t begun = 0, done = 0;
	double seconds;

	load->on_ready = ready_and_gone;
	from = moment_take(load);
	while (done < wanted) {
		while (begun < wanted && under_way(load) < load->options.concurrency) {
			struct flow *const flow = &load->flows[begun++ % load->flow_count];

			session_connect(load, ROLE_SENDER, flow, flow->from, flow->to);
		}
		load->received = done;
		load_run_until(load, is_one_more, load->options.setup_s, "a handshake");
		done = load->ready_count + load->faults.failed;
	}
	load->received = 0;
	until = moment_take(load);
	seconds = (double)(until.now_ns - from.now_ns) / 1e9;

	report_begin(load, "connects");
	report_text("proof", load->options.is_external ? "external" : "dialback");
	report_count("handshakes", load->ready_count);
	report_number("handshakes_per_s", (double)load->ready_count / seconds);
	if (load->options.pid)
		report_number("handshakes_per_cpu_s", (double)load->ready_count * 1e9 / (double)(until.cpu_ns - from.cpu_ns));
	report_span(load, &from, &until);
	report_faults(load);
	report_end();
	return load->faults.failed ? 1 : 0;
}

static void ready_and_send(struct session *session)
{
	flow_send_one(session->flow);
}

/* So far, of all streams of each kind. */
static void round_trips(const struct load *load, unsigned ret_trips[static STREAM_KINDS])
{
	memcpy(ret_trips, load->round_trips, sizeof(load->round_trips));
	LIST_EACH(link, &load->sessions) {
		const struct session *const session = LIST_OF(link, struct session, link);

		ret_trips[session_kind(session)] += session->wire->round_trips;
	}
}

/* Sends one stanza of a flow that has no stream yet, and waits for it. Returns its round trips of each kind of stream. */
static void cold_one(struct load *load, struct flow *flow, unsigned ret_trips[static STREAM_KINDS])
{
	const int64_t begin_ns = clock_ns(), end_ns = begin_ns + (int64_t)(load->options.setup_s * 1e9);
	unsigned before[STREAM_KINDS];

	round_trips(load, before);
	session_connect(load, ROLE_SENDER, flow, flow->from, flow->to);
	while (flow->received + flow->bounced == 0 && !load->faults.failed && clock_ns() < end_ns)
		load_step(load, 10 * 1000 * 1000);
	histogram_add(&load->latency, (uint64_t)(clock_ns() - begin_ns));
	round_trips(load, ret_trips);
	for (size_t i = 0; i < STREAM_KINDS; i++)
		ret_trips[i] -= before[i];
}

int mode_cold(struct load *load)
{
	static const char *const names[STREAM_KINDS] = {"round_trips_sender", "round_trips_question", "round_trips_link",
							"round_trips_asker"};
	unsigned trips[STREAM_KINDS] = {0}, sum, least = UINT32_MAX, most = 0;
	bool is_good;

	load->on_ready = ready_and_send;
	for (size_t i = 0; i < load->flow_count && !load->faults.failed; i++) {
		cold_one(load, &load->flows[i], trips);
		sum = 1;        /* half a round trip to the trunk and half from there: the stanza itself */
		for (size_t kind = 0; kind < STREAM_KINDS; kind++)
			sum += trips[kind];
		least = sum < least ? sum : least;
		most = sum > most ? sum : most;
	}
	report_begin(load, "cold");
	report_text("proof", load->options.is_external ? "external" : "dialback");
	report_count("links", load->flow_count);
	report_count("round_trips_least", least);
	report_count("round_trips_most", most);
	for (size_t i = 0; i < STREAM_KINDS; i++)       /* of the last pair */
		report_count(names[i], trips[i]);
	if (load->options.rtt_ms > 0)   /* the stanza's own is not played */
		report_number("round_trips_in_turn",
			      (double)histogram_at(&load->latency, 0.5) / 1e6 / load->options.rtt_ms + 1);
	report_histogram("first_stanza", &load->latency);
	is_good = report_faults(load);
	report_end();
	return is_good ? 0 : 1;
}
