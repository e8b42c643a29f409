/* SPDX-License-Identifier: Apache-2.0
 * The measurement of a running load. */
#include "report.h"

#include "die.h"

static bool are_links_up(const struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++)
		if (!load->flows[i].is_stalled && load->flows[i].received + load->flows[i].bounced == 0)
			return false;
	return true;
}

/* All that was sent has arrived, a stalled target's apart; by count, nothing is left to be sent either. */
static bool is_all_there(const struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++) {
		const struct flow *const flow = &load->flows[i];

		if (!flow->is_stalled && (flow_outstanding(flow) || (!load->is_stopping && flow->sent < flow->limit)))
			return false;
	}
	return true;
}

static bool is_broken(const struct load *load)
{
	for (size_t i = 0; i < load->flow_count; i++)
		if (!load->flows[i].session && !load->flows[i].is_stalled)
			return true;
	return false;
}

static void load_pump_for(struct load *load, double seconds, bool is_by_count)
{
	const int64_t end_ns = clock_ns() + (int64_t)(seconds * 1e9);
	int64_t now_ns;

	while ((now_ns = clock_ns()) < end_ns && !is_broken(load) && !(is_by_count && is_all_there(load))) {
		pump(load);
		load_step(load, end_ns - now_ns < 100000000 ? end_ns - now_ns : 100000000);
	}
}

static void load_drain(struct load *load)
{
	load->is_stopping = true;
	load_pump_for(load, load->options.drain_s, true);
	load->is_ending = true;
}

int mode_load(struct load *load)
{
	const struct options *const o = &load->options;
	const struct moment begin = moment_take(load);
	struct moment from, until;
	bool is_good;

	load_connect_flows(load);
	load_send_first(load);
	load_run_until(load, are_links_up, o->setup_s, "the first stanza of each pair");
	if (!o->count)
		load_pump_for(load, o->warmup_s, false);
	load->is_timing = o->rate > 0;
	from = moment_take(load);
	load_pump_for(load, o->count ? o->drain_s : o->seconds, o->count > 0);
	until = moment_take(load);
	load_drain(load);

	report_begin(load, "load");
	report_text("shape", o->is_one_record ? "one record each" : "batched");
	report_count("window", o->window);
	report_count("stanzas_all", load->received);
	report_count("rss_begin_kib", begin.memory.rss_kib);
	report_span(load, &from, &until);
	report_histogram("latency", &load->latency);
	is_good = report_faults(load);
	report_end();
	return is_good ? 0 : 1;
}
